"""The pre-registered words: every task has some, and none of them is an answer or an input of its task."""

from __future__ import annotations

import re

import pytest

from taskscope.tasks import registry
from taskscope.tasks.descriptions import (
    MOST_OUTPUT_WORDS,
    descriptions,
    output_words,
)


def test_every_built_in_task_has_words_and_no_other_name_does() -> None:
    assert set(descriptions()) == set(registry.names())


@pytest.mark.parametrize("name", registry.names())
def test_description_words_are_few_distinct_and_never_shown_by_the_task(name: str) -> None:
    words = [word.casefold() for word in descriptions()[name]]
    assert 2 <= len(words) <= 10
    assert len(set(words)) == len(words)
    assert all(word.isalpha() for word in words)
    task = registry.get(name)
    texts = [answer for item in task.items for answer in item.answers]
    if task.group != "word":  # their inputs are words of every kind
        texts += [item.input for item in task.items]
    shown = {piece.casefold() for text in texts for piece in re.split(r"[\s,'-]+", text)}
    assert not set(words) & shown


@pytest.mark.parametrize("name", registry.names())
def test_output_words_are_labels_and_spread_over_the_task(name: str) -> None:
    task = registry.get(name)
    words = output_words(task)
    assert len(words) == min(MOST_OUTPUT_WORDS, len(task.label_counts))
    assert set(words) <= set(task.label_counts)
    assert words[0] == task.items[0].label
