"""Ciphers: what they move, what they never touch, and that a code can be undone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskscope.tasks import ciphers

N = 60
SHARES = st.sampled_from([0.0, 0.25, 0.5, 0.8, 1.0])
PROTECTED = st.sets(st.integers(0, N - 1), max_size=20)
SEEDS = st.integers(0, 10_000)
IDS = st.lists(st.integers(0, N - 1), max_size=80)
VOCABULARY = [(" " if i % 2 else "") + chr(97 + i % 26) * (1 + i // 26) for i in range(N - 2)] + [" 1", " "]


def ciphers_of(seed: int, protected: set[int], share: float) -> list[ciphers.Cipher]:
    rng = np.random.default_rng(seed)
    order = rng.permutation(N).tolist()
    return [
        ciphers.bijection(N, protected, rng, share),
        ciphers.paper(N, protected, rng),
        ciphers.bucketed(N, protected, rng, order, 5, share),
        ciphers.words(VOCABULARY, protected, rng, share),
    ]


@given(SEEDS, PROTECTED, SHARES, IDS)
def test_a_code_is_undone_by_its_inverse_and_spares_the_protected(seed, protected, share, ids):
    rng = np.random.default_rng(0)
    for cipher in ciphers_of(seed, protected, share):
        coded = cipher.encode(ids, rng)
        assert np.argsort(cipher.images)[coded].tolist() == ids
        assert [b for a, b in zip(ids, coded, strict=True) if a in protected] == [
            a for a in ids if a in protected
        ]
        assert not any(b in protected for a, b in zip(ids, coded, strict=True) if a not in protected)
        assert len(set(coded)) == len(set(ids))


@given(SEEDS, PROTECTED, SHARES, IDS)
def test_the_broken_twin_moves_the_same_tokens_to_the_same_images(seed, protected, share, ids):
    for cipher in ciphers_of(seed, protected, share):
        coded = ciphers.non_bijective(cipher).encode(ids, np.random.default_rng(seed))
        moved = set(cipher.moved.tolist())
        for before, after in zip(ids, coded, strict=True):
            assert after in moved if before in moved else after == before


@given(SEEDS, PROTECTED, SHARES)
def test_the_share_is_exact(seed, protected, share):
    free = N - len(protected)
    cipher = ciphers.bijection(N, protected, np.random.default_rng(seed), share)
    wanted = round(share * free)
    assert len(cipher.moved) == (wanted if wanted > 1 else 0)
    assert cipher.share == share


def test_among_limits_what_is_moved():
    cipher = ciphers.bijection(N, {3}, np.random.default_rng(0), among=[1, 2, 3, 4])
    assert cipher.moved.tolist() == [1, 2, 4]


def test_buckets_keep_tokens_near_their_frequency():
    order = np.random.default_rng(1).permutation(N).tolist()
    cipher = ciphers.bucketed(N, {order[0]}, np.random.default_rng(2), order, 4)
    place = {token: at for at, token in enumerate(order)}
    assert len(cipher.moved) == N - 1
    assert max(abs(place[i] - place[int(cipher.images[i])]) for i in range(N)) <= N // 4


def test_words_moves_only_tokens_that_begin_a_word():
    cipher = ciphers.words(VOCABULARY, set(), np.random.default_rng(0))
    assert {VOCABULARY[i][0] for i in cipher.moved} == {" "}
    assert len(cipher.moved) == sum(text[:1] == " " and text[1:].isalpha() for text in VOCABULARY)


def test_a_code_is_the_same_at_each_occurrence_and_its_twin_is_not():
    cipher = ciphers.bijection(N, (), np.random.default_rng(0))
    rng = np.random.default_rng(1)
    assert len(set(cipher.encode([5] * 50, rng))) == 1
    fresh = ciphers.non_bijective(cipher).encode([5] * 2000, rng)
    counts = np.bincount(fresh, minlength=N)
    assert counts.min() > 0 and counts.max() < 3 * counts.mean()


def test_what_makes_no_sense_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="share"):
        ciphers.bijection(N, (), rng, share=1.5)
    with pytest.raises(ValueError, match="ids from 0"):
        ciphers.bijection(N, {N}, rng)
    with pytest.raises(ValueError, match="buckets"):
        ciphers.bucketed(N, (), rng, list(range(6)), 4)
    with pytest.raises(ValueError, match="permutation"):
        ciphers.Cipher("bijection", np.array([0, 0]))
