"""Templates and sentences in which an input may stand."""

from __future__ import annotations

import numpy as np

from taskscope.tasks import registry, surroundings
from taskscope.tasks.task import Item


def test_templates_are_drawn_without_repetition_from_all_pairs() -> None:
    every = surroundings.templates(1000, np.random.default_rng(0))
    texts = [template.render((), "go").text for template in every]
    assert len(set(texts)) == len(texts) == 12 * 10
    assert all(" go" in text and text.endswith(":") for text in texts)
    assert all(template.answer("went") == " went" for template in every)
    few = surroundings.templates(16, np.random.default_rng(0))
    assert [template.render((), "go").text for template in few] == texts[:16]


def test_sentences_hold_the_input_once_and_places_have_their_own() -> None:
    for name in registry.names():
        some = surroundings.sentences(registry.get(name))
        assert all(sentence.count("{x}") == 1 for sentence in some)
    of_places = surroundings.sentences(registry.get("country-capital"))
    assert len(of_places) == 3
    assert len(surroundings.sentences(registry.get("antonyms"))) == 5
    assert surroundings.tokens(registry.get("antonyms")) == 5
    assert surroundings.tokens(registry.get("country-capital")) == 10


def test_answers_that_any_text_may_hold_are_left_out() -> None:
    assert surroundings.fits_text(Item(input="hot", answers=("cold",)))
    assert not surroundings.fits_text(Item(input="off", answers=("on",)))
    assert not surroundings.fits_text(Item(input="impolite", answers=("polite",)))
    assert not surroundings.fits_text(Item(input="big", answers=("small", "wee", "xs")))
