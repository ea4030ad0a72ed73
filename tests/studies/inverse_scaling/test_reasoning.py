"""Reasoning before a choice: how it is read, and that the choice after it equals a plain loop."""

from __future__ import annotations

import numpy as np
import pytest

from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load
from taskscope.models.series import Place
from taskscope.runs.cell import Cell, Cost
from taskscope.studies.inverse_scaling import measure as measuring
from taskscope.studies.inverse_scaling import reasoning
from taskscope.studies.inverse_scaling.arms import FILLED, REASONED
from taskscope.studies.inverse_scaling.asked import find
from taskscope.studies.inverse_scaling.params import CellParams, profile
from taskscope.tasks import choice_registry

YES_NO = (" yes", " no")


@pytest.mark.parametrize(
    ("text", "classes", "kept", "named"),
    [
        (" Ice is cold. So the answer is no. More.", YES_NO, " Ice is cold.", 1),
        (
            " So the answer is no. But wait. so, the answer is: yes",
            YES_NO,
            " So the answer is no. But wait.",
            0,
        ),
        (" Ice is cold, yes or no.", YES_NO, " Ice is cold, yes or no.", -1),
        (" Cold. So the answer is unknown, not", YES_NO, " Cold.", -1),
        (" Cold.\n\nQ: two? So the answer is no", YES_NO, " Cold.", -1),
        (" Sum. So the answer is 12 and not 1", (" 1", " 12"), " Sum.", 1),
        (" So the answer is A or B", (" B", " A"), "", 1),
        (" So the answer is red wine", (" red", " red wine"), "", 1),
        ("", YES_NO, "", -1),
    ],
)
def test_a_closing_sentence_is_read(text: str, classes: tuple[str, ...], kept: str, named: int) -> None:
    found = reasoning.read(text, classes)
    assert (found.text, found.named) == (kept, named)


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load("pico-xs")


def cell(name: str, n_items: int, limit: int) -> Cell:
    task = find(name, n_items, 0)
    place = Place(family="pico", member="pico-xs", parameters=1)
    params = CellParams(
        asked=name,
        n_items=n_items,
        beside=False,
        shots=(),
        shot_draws=1,
        reasoning=limit,
        strengths=(),
        renamed=False,
        place=place,
    )
    return Cell(
        study="inverse-scaling",
        study_version=2,
        params=params.model_dump(mode="json"),
        model=None,
        tasks=(choice_registry.ref(task),),
        seed=0,
        measure="",
        cost=Cost(tokens=0, token_layers=0),
    )


def test_choices_after_reasoning_and_after_filler_equal_a_plain_loop(model: LanguageModel) -> None:
    rows = measuring.measure(cell("neqa", 5, 10), model).rows.to_pylist()
    items = find("neqa", 5, 0).items
    own, filled = ([row for row in rows if row["arm"] == arm] for arm in (REASONED, FILLED))
    for row, filler, item in zip(own, filled, items, strict=True):
        opened = item.prompt + reasoning.OPENING
        ids = tuple(model.encode(opened))
        (written,) = model.write([ids], 10)
        told = reasoning.read(model.decode(written), item.classes)
        n = len(model.encode(opened + told.text)) - len(ids)
        for one, text in ((row, told.text), (filler, reasoning.FILLER * n)):
            prompt = opened + text + reasoning.CUE
            wanted = model.score([(prompt, name) for name in item.classes])
            np.testing.assert_allclose(one["logprobs"], wanted, atol=1e-4)
        assert row["named"] == told.named and filler["named"] is None
        assert len(model.encode(opened + reasoning.FILLER * n)) - len(ids) == n


def test_without_room_to_reason_an_item_is_left_out_by_name(model: LanguageModel) -> None:
    measured = measuring.measure(cell("memo-trap", 4, model.context), model)
    lost = [row for row in measured.rows.to_pylist() if row["arm"] == REASONED]
    assert [row["left_out"] for row in lost] == ["no room for reasoning in the context"] * 4
    assert all(row["loss"] is None for row in lost)
    assert measured.notes["left out: reasoning"] == measured.notes["left out: filler"] == 4


def test_reasoning_is_asked_in_full_alone() -> None:
    assert [profile(name).reasoning > 0 for name in ("smoke", "standard", "full", "paper")] == [
        False,
        False,
        True,
        False,
    ]
