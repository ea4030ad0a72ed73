"""Generated contest tasks share no stretch of text with training documents, nor with released items."""

import json
import os
from functools import cache
from pathlib import Path

import pytest

from taskscope.tasks import contest
from taskscope.training.documents.facts import World
from taskscope.training.documents.kinds import KINDS, Documents

N_DOCUMENTS = 40


@cache
def documents() -> list[str]:
    world = World()
    return [Documents(kind, world, 0)[i] for kind in KINDS for i in range(N_DOCUMENTS)]


@pytest.mark.parametrize("name", contest.NAMES)
def test_training_documents_hold_nothing_of_the_tasks(name: str) -> None:
    assert contest.overlap(contest.build(name, n=100), documents()) == 0


def test_shared_text_is_found_whatever_its_case_and_marks() -> None:
    task = contest.build("memo-trap", n=20)
    item = task.items[3]
    whole = (item.prompt + item.classes[item.answer]).upper().replace(".", " !")
    words = len(whole.replace("!", " ").split())
    assert contest.overlap(task, [*documents(), f"Before. {whole} After."]) >= words - 8
    assert contest.overlap(task, [" ".join(whole.split()[:7])]) == 0


def test_released_negated_questions_are_others() -> None:
    folder = os.environ.get("TASKSCOPE_DATA")
    path = Path(folder or ".") / "inverse_scaling/official/neqa_classification.jsonl"
    if not folder or not path.is_file():
        pytest.skip("TASKSCOPE_DATA does not name the public data folder")
    released = [json.loads(line)["prompt"] for line in path.read_text(encoding="utf-8").splitlines()]
    assert all(contest.overlap(contest.build(name, n=100), released) == 0 for name in contest.NAMES)
