"""Maps of label words: one-to-one always, natural lists that keep their promises, labels that collide."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskscope.errors import TaskError
from taskscope.tasks import label_words, texts
from taskscope.tasks.label_maps import (
    ResponseMap,
    candidates,
    identity_map,
    matched_map,
    natural_map,
    order_map,
    random_map,
    swap_map,
)

S2 = ("negative", "positive")
S4 = ("world", "sports", "business", "science")
S14 = (
    *("company", "school", "artist", "player", "politics", "transport", "building", "nature", "village"),
    *("animal", "plant", "album", "film", "book"),
)
SETS = {"S2": S2, "S4": S4, "S14": S14, **{name: texts.build(name).labels for name in texts.NAMES}}
CONTRASTS = set(label_words._document()["own"]["contrast"])
"""Label words whose "antonyms" are only contrasts: a noun such as "village" has no lexical opposite."""
WORDS = [f"word{n}" for n in range(40)]


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.integers(2, 14))
def test_random_maps_are_one_to_one_and_avoid_what_is_forbidden(seed, n):
    labels = WORDS[:n]
    drawn = random_map(labels, WORDS, np.random.default_rng(seed), forbidden=WORDS[n : n + 5])
    assert len(set(drawn.images)) == n
    assert not set(drawn.images) & set(WORDS[: n + 5])
    assert [drawn.apply(label) for label in labels] == list(drawn.images)
    assert random_map(labels, WORDS, np.random.default_rng(seed), forbidden=WORDS[n : n + 5]) == drawn


def test_random_maps_are_uniform():
    rng = np.random.default_rng(0)
    counts = Counter(random_map(S2, ["a", "b", "c"], rng).images for _ in range(3000))
    assert len(counts) == 6
    assert max(counts.values()) < 1.25 * min(counts.values())


def test_too_few_candidates_are_told():
    with pytest.raises(TaskError, match="1 candidates for the images of 2 labels"):
        random_map(S2, ["positive", "a", "a"], np.random.default_rng(0))


@pytest.mark.parametrize("images", [("a",), ("a", "a"), ("a", "")])
def test_a_map_that_is_not_one_to_one_is_refused(images):
    with pytest.raises(TaskError, match="all different"):
        ResponseMap("random", S2, images)


def test_an_unknown_label_is_told():
    with pytest.raises(TaskError, match="did you mean 'positive'"):
        identity_map(S2).apply("positiv")


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(2, 14))
def test_swaps_leave_no_label_in_its_place(seed, n):
    drawn = swap_map(WORDS[:n], np.random.default_rng(seed))
    assert set(drawn.images) == set(WORDS[:n])
    assert all(a != b for a, b in zip(drawn.labels, drawn.images, strict=True))


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(2, 6))
def test_matched_images_are_about_equally_likely(seed, n):
    rng = np.random.default_rng(seed)
    prior = dict(zip(WORDS, np.exp(rng.uniform(-25, 0, len(WORDS))), strict=True))
    try:
        drawn = matched_map([f"label{i}" for i in range(n)], prior, rng)
    except TaskError as error:
        assert "likely to within" in str(error)
        return
    found = [prior[image] for image in drawn.images]
    assert max(found) <= 2 * n * min(found) * (1 + 1e-9)
    assert min(found) >= 1e-8


def test_matched_maps_fail_where_no_two_priors_are_near():
    with pytest.raises(TaskError, match="within a factor of 4"):
        matched_map(S2, {"a": 1e-1, "b": 1e-3, "c": 1e-5}, np.random.default_rng(0))


@pytest.mark.parametrize("labels", SETS.values(), ids=SETS)
@pytest.mark.parametrize("kind", ["synonym", "antonym", "keyword"])
def test_our_own_lists_give_natural_maps(kind, labels):
    lists = label_words.load(kind)
    for seed in range(20):
        drawn = natural_map(kind, labels, lists, np.random.default_rng(seed))
        assert len(set(drawn.images)) == len(labels)
        assert not set(drawn.images) & set(labels)
        assert all(image in lists[label] for label, image in zip(labels, drawn.images, strict=True))


@pytest.mark.parametrize("labels", SETS.values(), ids=SETS)
def test_a_contrast_word_is_no_label_and_no_synonym_of_another_class(labels):
    antonyms, synonyms = label_words.load("antonym"), label_words.load("synonym")
    for label in set(labels) & CONTRASTS:
        others = {word for other in labels if other != label for word in (other, *synonyms[other])}
        assert not others & set(antonyms[label]), label
        assert not set(synonyms[label]) & set(antonyms[label])


@pytest.mark.parametrize("labels", SETS.values(), ids=SETS)
def test_a_synonym_belongs_to_one_class_and_is_no_label_of_another(labels):
    synonyms = label_words.load("synonym")
    listed = [word for label in labels for word in synonyms[label]]
    assert len(set(listed)) == len(listed)
    assert not set(listed) & set(labels)


def test_own_lists_are_of_a_useful_length_and_opposites_are_lexical_where_not_flagged():
    for kind in ("synonym", "antonym", "keyword"):
        lists = label_words.load(kind)
        assert set(lists) == {label for labels in SETS.values() for label in labels}
        assert all(6 <= len(words) == len(set(words)) for words in lists.values())
        assert all(
            word.isascii() and word.isalpha() and word.islower() for ws in lists.values() for word in ws
        )
    synonyms, antonyms = label_words.load("synonym"), label_words.load("antonym")
    assert {label for label in antonyms if label not in CONTRASTS} == set(S2)
    assert (antonyms["negative"], antonyms["positive"]) == (synonyms["positive"], synonyms["negative"])


def test_the_released_lists_are_as_the_protocol_gives_them():
    keywords = label_words.load("keyword", "release")
    assert set(keywords) == {*S2, *S4, *S14}
    assert {len(words) for words in keywords.values()} == {10}
    assert set(label_words.load("synonym", "release")) == set(S2)
    assert "MIT" in label_words._document()["release"]["attribution"]
    # One draw in fifteen of the fourteen released keyword lists has two classes with one word.
    lists = [keywords[label] for label in S14]
    rng = np.random.default_rng(0)
    picks = rng.integers(10, size=(20_000, 14))
    same = np.mean([len({words[i] for words, i in zip(lists, row, strict=True)}) < 14 for row in picks])
    assert same == pytest.approx(0.067, abs=0.006)


def test_where_nearly_every_draw_collides_a_map_is_still_found():
    labels = WORDS[:12]
    tight = {label: [f"w{n}" for n in range(12)] for label in labels}
    found = {natural_map("keyword", labels, tight, np.random.default_rng(seed)).images for seed in range(5)}
    assert all(len(set(images)) == 12 for images in found) and len(found) == 5


def test_lists_without_a_map_are_told():
    with pytest.raises(TaskError, match="no different words for negative, positive"):
        natural_map("synonym", S2, {"negative": ["x"], "positive": ["x"]}, np.random.default_rng(0))
    with pytest.raises(TaskError, match="No synonym is known for 'positive'"):
        natural_map("synonym", S2, {"negative": ["x"], "positive": ["negative"]}, np.random.default_rng(0))


def test_chains_take_their_words_from_the_ring_of_their_order():
    rings = {"negative": [["bad"], ["ill"]], "positive": [["good"], ["fine"]]}
    rng = np.random.default_rng(0)
    assert order_map(0, S2, rings, rng).images == S2
    assert order_map(2, S2, rings, rng) == ResponseMap("order-2", S2, ("ill", "fine"))
    with pytest.raises(TaskError, match="No order-3 is known"):
        order_map(3, S2, rings, rng)


def test_candidates_are_word_initial_single_tokens():
    vocabulary = [
        " Apple",
        " apple",
        "apple",
        "pear",
        " fig",
        " to",
        " x1y",
        " Rome",
        "Rome",
        "\n",
        " ",
        " été",
    ]
    assert candidates(vocabulary) == ["apple", "fig", "Rome"]
    assert candidates(vocabulary, excluded=["Fig"]) == ["apple", "Rome"]
    assert candidates(vocabulary, words_only=False) == ["Apple", "apple", "fig", "to", "x1y", "Rome", "été"]
