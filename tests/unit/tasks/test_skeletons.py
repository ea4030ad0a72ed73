"""Skeletons: items of one template share one, items of different wording do not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskscope.tasks import choice_files
from taskscope.tasks.choices import ChoiceItem
from taskscope.tasks.skeletons import clusters, skeleton

CONTENT = st.sampled_from(["lime", "Anna", "crates", "40", "3.5", "Zürich", "ran"])


def test_content_is_a_gap_and_small_words_stay() -> None:
    assert skeleton("The film is very dull.\n\nIs 3.50 an answer? A:") == "the _ is very _ . / is _ a _ ? a :"
    assert skeleton("She lost her old hat.") == skeleton("He sold his hat.")
    assert skeleton("") == ""


@given(CONTENT, CONTENT, CONTENT, CONTENT)
def test_items_of_one_template_share_a_skeleton_and_others_do_not(a: str, b: str, c: str, d: str) -> None:
    one = "If {} were {}, would it not?"
    assert skeleton(one.format(a, b)) == skeleton(one.format(c, d))
    assert skeleton(one.format(a, b)) != skeleton(f"Why is {a} {b}?")


def test_a_cluster_that_was_named_comes_first() -> None:
    named = ChoiceItem(prompt="The film is dull.", classes=("a", "b"), cluster="films")
    assert clusters([named, named.model_copy(update={"cluster": ""})]) == ("films", "the _ is _ .")


@pytest.mark.data
def test_templates_of_the_pilot_tasks_are_found() -> None:
    folder = os.environ.get("TASKSCOPE_DATA")
    data = Path(folder or "", "inverse_scaling", "pilot_tasks")
    if not folder or not data.is_dir():
        pytest.skip("TASKSCOPE_DATA does not name the public data folder")
    found = {p.stem: len(set(clusters(choice_files.load(p).items))) for p in data.glob("*.csv")}
    assert found == {
        "QA_bias-v2": 29,
        "boolq-1k": 997,
        "conjunction_fallacy-0shot": 26,
        "dice-1shot": 12,
        "fat-vs-thin": 2,
        "lambada-1k": 1000,
        "scope-neglect-1shot": 4,
        "sentiment-0shot": 20,
        "syllogism-0shot": 42,
    }
