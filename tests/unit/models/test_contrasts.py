"""Minimal pairs scored from where they part equal whole sentences scored one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import plain_logits
from toys import FAMILIES, toy

from taskscope.models import contrasts
from taskscope.models.batching import Limits, Route
from taskscope.models.language_model import LanguageModel

PAIRS = [
    ("the small cat sat on the mat", "the small cat slept on the mat"),
    ("the small cat sat near the door of the house", "the small cat sat near the old dog"),
    ("Paris is the capital of France", "Rome is the capital of France"),
    ("the old dog slept", "the old dog slept near the door"),
    ("the teacher said so", "the teacher said so"),
]


def whole(model: LanguageModel, text: str) -> float:
    """Log p of a sentence on its own, token after token."""
    tokens = model.encode(text)
    logprob = plain_logits(model.hf, tokens).log_softmax(-1)
    return sum(float(logprob[at - 1, token]) for at, token in enumerate(tokens) if at)


@pytest.mark.parametrize("route", ["branches", "rows"])
@pytest.mark.parametrize("family", FAMILIES)
def test_margins_equal_those_of_sentences_scored_on_their_own(family: str, route: Route) -> None:
    model = toy(family, route)
    found = model.score_contrasts(model.contrasts(PAIRS))
    wanted = [whole(model, good) - whole(model, bad) for good, bad in PAIRS]
    np.testing.assert_allclose(found[:, 0] - found[:, 1], wanted, atol=1e-4)


def test_scores_differ_from_whole_sentences_by_what_both_start_with() -> None:
    model = toy()
    encoded = model.contrasts(PAIRS)
    rest = model.score_contrasts(encoded)
    both = model.score([("", text) for pair in PAIRS for text in pair]).reshape(-1, 2)
    np.testing.assert_allclose(rest[:, 0] - both[:, 0], rest[:, 1] - both[:, 1], atol=1e-4)
    for (start, good), (other, bad) in zip(encoded.good, encoded.bad, strict=True):
        assert start == other and len(start) >= 1
        assert not good or not bad or good[0] != bad[0]


def test_which_sentence_is_longer_and_which_has_commoner_words_where_they_differ() -> None:
    same_end = contrasts.Contrasts(
        good=(((1,), (10, 99, 7)), ((1,), (5, 3)), ((1,), (8,)), ((1,), (2, 9)), ((1, 4), ())),
        bad=(((1,), (40, 7)), ((1,), (3, 5)), ((1,), (8, 6, 8)), ((1,), (9,)), ((1, 4), ())),
    )
    np.testing.assert_array_equal(same_end.longer, [1, 0, -2, 1, 0])
    rank = {token: np.log(token + 1) for token in (10, 99, 40)}
    found = same_end.commoner
    # What follows in both, 7 of the first pair, says nothing; other tokens in another order are as common.
    assert found[0] == pytest.approx(rank[40] - (rank[10] + rank[99]) / 2) and found[1] == pytest.approx(0)
    # The third pair and the fourth insert a word: there is none to be commoner than.
    assert np.isnan(found[2:]).all()
    np.testing.assert_allclose(contrasts.Contrasts(same_end.bad, same_end.good).commoner, -found)


def test_only_tokens_behind_the_parting_reach_the_head() -> None:
    encoded = toy().contrasts(PAIRS[:1])
    assert len(encoded.laid.targets) == sum(len(rest) for _, rest in (*encoded.good, *encoded.bad))


@settings(max_examples=12)
@given(order=st.permutations(range(len(PAIRS))), tokens=st.sampled_from([1, 30, 4096]))
def test_neither_order_nor_batches_nor_company_change_a_score(order: list[int], tokens: int) -> None:
    model = toy()
    encoded = model.contrasts(PAIRS)
    alone = np.concatenate([model.score_contrasts(encoded.some([i])) for i in range(len(PAIRS))])
    kept = model.executor.limits
    model.executor.limits = Limits(tokens=tokens, places=kept.places, row=kept.row)
    try:
        found = model.score_contrasts(encoded.some(order))
    finally:
        model.executor.limits = kept
    np.testing.assert_allclose(found, alone[order], atol=1e-4)


def test_swapped_pairs_have_swapped_scores() -> None:
    model = toy()
    encoded = model.contrasts(PAIRS)
    swap = np.array([True, False, True, False, False])
    a, b = model.score_contrasts(encoded), model.score_contrasts(encoded.swapped(swap))
    np.testing.assert_allclose(b[swap], a[swap][:, ::-1], atol=1e-4)
    np.testing.assert_allclose(b[~swap], a[~swap], atol=1e-4)


def test_joined_pairs_score_as_their_parts() -> None:
    model = toy()
    parts = [model.contrasts(PAIRS[:2]), model.contrasts(PAIRS[2:])]
    together = model.score_contrasts(contrasts.join(parts))
    np.testing.assert_allclose(together, np.concatenate([model.score_contrasts(p) for p in parts]), atol=1e-4)
