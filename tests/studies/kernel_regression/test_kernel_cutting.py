"""Prompts longer than the context: the longest texts are cut at the front, alike in every condition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import taskscope
from taskscope.errors import TaskError
from taskscope.models.language_model import LanguageModel
from taskscope.studies.kernel_regression.asking import LEAST_KEPT, Asker
from taskscope.studies.kernel_regression.draws import Question, rendered
from taskscope.studies.kernel_regression.templates import template_for
from taskscope.studies.kernel_regression.weights import conditions
from taskscope.tasks import classification_registry
from taskscope.tasks.classification import Text

K = 8


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return taskscope.load("pico-xs")


@pytest.fixture
def asker(model: LanguageModel) -> Asker:
    task = classification_registry.get("sentiment")
    return Asker(task, model, template_for("input-output", task))


def question(asker: Asker, long: tuple[int, ...], words: int) -> Question:
    """Short texts, but for those at some places, which are made of many numbered ones."""
    pool = asker.task.pool
    shown = [Text(text=pool[i].text, label=i % 2) for i in range(K)]
    for place in long:
        told = " ".join(f"w{i}" for i in range(words))
        shown[place] = Text(text=told, label=place % 2)
    return Question(tuple(shown), asker.task.test[0])


def test_a_prompt_that_fits_is_left_as_it_is(asker: Asker) -> None:
    plain = question(asker, (), 0)
    assert asker.fitted([plain]) == [plain] and asker.told() == []


def test_the_longest_texts_are_cut_to_one_length_and_keep_their_ends(asker: Asker) -> None:
    whole = question(asker, (1, 4), 150)
    with pytest.raises(TaskError, match="at most 1024 tokens"):
        asker.encode([whole], whole=True)
    (cut,) = asker.fitted([whole])
    lengths = [len(text.text.split()) for text in cut.demonstrations]
    assert lengths[1] == lengths[4] < 150
    for place, text in enumerate(cut.demonstrations):
        if place in (1, 4):
            assert whole.demonstrations[place].text.endswith(text.text) and text.text.endswith("w149")
        else:
            assert text == whole.demonstrations[place]
    (asked,) = asker.encode([whole])
    assert asker.model.context - 20 < len(asked.tokens) < asker.model.context
    assert len(asked.layout.labels) == K
    assert "Prompts on 1 texts were longer than the context of pico-xs" in asker.told()[0]


def test_neither_order_nor_labels_decide_what_is_cut(asker: Asker) -> None:
    whole = question(asker, (0, 7), 150)
    rng = np.random.default_rng(0)
    swapped = replace(
        whole, demonstrations=tuple(Text(text=t.text, label=1 - t.label) for t in whole.demonstrations)
    )
    texts = [
        sorted(text.text for text in asker.fitted([other])[0].demonstrations)
        for other in (whole, swapped, conditions.reordered(whole, rng), conditions.texts_permuted(whole, rng))
    ]
    assert texts[0] != sorted(text.text for text in whole.demonstrations)
    assert texts.count(texts[0]) == len(texts)


def test_where_too_little_would_be_left_the_prompt_is_refused(asker: Asker) -> None:
    hopeless = question(asker, tuple(range(K)), 300)
    assert asker.fitted([hopeless]) == [hopeless] and asker.told() == []
    n = asker.model.encoder.count([rendered(asker.task, hopeless, asker.template).text])[0]
    assert asker.model.context / n < LEAST_KEPT
    with pytest.raises(TaskError, match="fewer or shorter demonstrations"):
        asker.encode([hopeless])
