"""What the inverse-scaling study plans, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskscope.errors import StudyError, TaskError
from taskscope.runs.cell import ModelRef
from taskscope.studies.base import PROFILES, PlannedModel
from taskscope.studies.inverse_scaling.params import InverseScalingParams, profile
from taskscope.studies.inverse_scaling.study import INVERSE_SCALING
from taskscope.tasks import contest

TASKS = ("memo-trap", "neqa")


def planned(label: str, size: int, **known: object) -> PlannedModel:
    ref = ModelRef(id=f"{label}@1", label=label, dtype="float32", attention="sdpa")
    return PlannedModel.model_validate(
        {"ref": ref, "n_blocks": 2, "n_parameters": size, "context": 512} | known
    )


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_plans_a_cell_for_each_model_task_and_seed(name: str) -> None:
    params = profile(name).model_copy(update={"tasks": TASKS, "n_items": 20, "seeds": (0, 1)})
    cells = INVERSE_SCALING.plan(params, [planned("a", 10), planned("b", 20)])
    assert [(c.model.label, c.tasks[0].name, c.seed) for c in cells if c.model] == [
        (model, task, seed) for model in "ab" for task in TASKS for seed in (0, 1)
    ]
    assert len({cell.key for cell in cells}) == len(cells)
    assert all(cell.cost.token_layers == 2 * cell.cost.tokens > 0 for cell in cells)


def test_all_generated_tasks_are_asked_by_default() -> None:
    assert profile("standard").tasks == contest.NAMES


def test_more_demonstrations_than_other_items_are_refused() -> None:
    params = InverseScalingParams(tasks=TASKS, n_items=20, shots=(1, 20))
    with pytest.raises(StudyError, match="20 demonstrations from the 20 items of memo-trap"):
        INVERSE_SCALING.plan(params, [planned("a", 10)])


def test_more_demonstrations_cost_more_and_the_task_alone_has_none() -> None:
    def cost(**change: object) -> int:
        params = InverseScalingParams.model_validate({"tasks": ("neqa",), "n_items": 20} | change)
        return INVERSE_SCALING.plan(params, [planned("a", 10)])[0].cost.tokens

    alone = cost(beside=False)
    assert cost(beside=False, shots=(4,)) == alone
    assert cost(shots=(4,)) - cost(shots=()) == pytest.approx(5 * alone, abs=2)


def test_a_file_is_asked_once_whatever_the_seeds(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("prompt,classes,answer_index\np,\"[' a', ' b']\",0\nq,\"[' a', ' b']\",1\n", "utf-8")
    params = InverseScalingParams(tasks=(str(path), "neqa"), n_items=20, seeds=(0, 1))
    cells = INVERSE_SCALING.plan(params, [planned("a", 10)])
    assert [(cell.tasks[0].name, cell.seed) for cell in cells] == [("mine", 0), ("neqa", 0), ("neqa", 1)]


def test_another_model_changes_no_cell_of_the_first() -> None:
    params = InverseScalingParams(tasks=TASKS, n_items=20)
    alone = INVERSE_SCALING.plan(params, [planned("a", 10)])
    both = INVERSE_SCALING.plan(params, [planned("a", 10), planned("b", 20)])
    assert [cell.key for cell in alone] == [cell.key for cell in both[: len(alone)]]


def test_two_models_of_one_size_are_no_series() -> None:
    with pytest.raises(StudyError, match="a and b of models given have 10 parameters each"):
        INVERSE_SCALING.plan(InverseScalingParams(tasks=TASKS), [planned("a", 10), planned("b", 10)])


def test_checkpoints_of_one_size_are_a_series() -> None:
    models = [planned(f"a at {n}", 10, checkpoint_of="a", tokens=n) for n in (100, 200)]
    cells = INVERSE_SCALING.plan(InverseScalingParams(tasks=TASKS, n_items=20), [*models, planned("a", 10)])
    places = [cell.params["place"] for cell in cells[:: len(TASKS)]]
    assert [(p["member"], p["tokens"], p["finished"]) for p in places] == [
        ("a", 100, False),
        ("a", 200, False),
        ("a", None, True),
    ]


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        ({}, StudyError, "neither models nor scores"),
        ({"scores": ("no-such-folder",)}, TaskError, "no-such-folder"),
    ],
)
def test_nothing_to_judge_is_refused(change: dict, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        INVERSE_SCALING.plan(InverseScalingParams(tasks=TASKS, **change), [])


@pytest.mark.parametrize(
    ("tasks", "error", "told"),
    [
        (("memo-trap", "memo-trap"), StudyError, "two tasks are called 'memo-trap'"),
        (("memo-trp",), TaskError, "memo-trap"),
    ],
)
def test_tasks_must_be_known_and_differ(tasks: tuple[str, ...], error: type[Exception], told: str) -> None:
    with pytest.raises(error) as caught:
        INVERSE_SCALING.plan(InverseScalingParams(tasks=tasks), [planned("a", 10)])
    assert told in str(caught.value)


def test_scores_alone_need_no_model(tmp_path: Path) -> None:
    for name in ("ada", "babbage"):
        (tmp_path / f"{name}.csv").write_text("index,loss,correct\n0,0.5,1\n1,0.9,0\n", encoding="utf-8")
    (cell,) = INVERSE_SCALING.plan(InverseScalingParams(scores=(str(tmp_path),)), [])
    assert cell.model is None
    assert cell.tasks[0].name == tmp_path.name
