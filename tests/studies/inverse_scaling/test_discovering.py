"""Planted groups of items that get worse are written as a task; where there is none, nothing is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from taskscope.cli.console import OK
from taskscope.cli.main import app
from taskscope.errors import RunError, StudyError, TaskError
from taskscope.runs.cell import Measured, ModelRef
from taskscope.runs.store import RunFolder
from taskscope.stats.trends import items
from taskscope.studies.base import PlannedModel
from taskscope.studies.inverse_scaling import discovering
from taskscope.studies.inverse_scaling.outcomes import Outcomes
from taskscope.studies.inverse_scaling.params import CellParams, InverseScalingParams
from taskscope.studies.inverse_scaling.rows import Items, to_rows
from taskscope.studies.inverse_scaling.study import INVERSE_SCALING
from taskscope.tasks import choice_files
from taskscope.tasks.choice_validation import validate
from taskscope.tasks.choices import ChoiceItem, ChoiceTask

GROUPS, EACH, N_MODELS = 12, 40, 6
runner = CliRunner()


def measured_run(folder: Path, falling: dict[str, float], models: int = N_MODELS) -> RunFolder:
    """A run on a file with twelve topics; the accuracy of those named changes by so much over the series."""
    asked = tuple(
        ChoiceItem(
            prompt=f"Question {n} on topic {n % GROUPS}. Answer:",
            classes=(" yes", " no"),
            answer=n // GROUPS % 2,
            cluster=f"topic {n % GROUPS:02d}",
        )
        for n in range(GROUPS * EACH)
    )
    task = ChoiceTask(name="quiz", title="Quiz", description="Topics.", items=asked)
    choice_files.write_csv(task, folder / "quiz.csv")
    params = InverseScalingParams(tasks=(str(folder / "quiz.csv"),), beside=False, draws=100)
    planned = [
        PlannedModel(
            ref=ModelRef(id=f"m{n}@1", label=f"m{n}", dtype="float32", attention="sdpa"),
            n_blocks=1,
            n_parameters=int(1e6 * 10 ** (n / 2)),
            context=512,
        )
        for n in range(models)
    ]
    cells = INVERSE_SCALING.plan(params, planned)
    entry = {
        "study": "inverse-scaling",
        "params": params.model_dump(mode="json"),
        "keys": [cell.key for cell in cells],
    }
    run = RunFolder.create_or_open(folder / "run", {"studies": [entry]})
    rng = np.random.default_rng(5)
    change = np.array([falling.get(item.cluster, 0.0) for item in asked])
    for place, cell in enumerate(cells):
        right = (rng.random(len(asked)) < 0.6 + change * place / (models - 1)).astype(float)
        found = Outcomes(np.where(right, 0.5, 0.9), right, np.full(len(asked), np.log(0.8)))
        rows = to_rows(CellParams(**cell.params).place, "task", Items.of(task), found)
        run.write(cell, Measured(rows=rows), {})
    return run


def test_planted_groups_become_a_task_that_can_be_validated(tmp_path: Path) -> None:
    run = measured_run(tmp_path, {"topic 03": -0.6, "topic 07": -0.6})
    target = tmp_path / "found.csv"
    result = runner.invoke(app, ["tasks", "discover", str(run.path), str(target)])
    assert result.exit_code == OK, result.output
    task = choice_files.load(target)
    assert {item.cluster for item in task.items} == {"topic 03", "topic 07"}
    whole = {item.prompt: item for item in choice_files.load(tmp_path / "quiz.csv").items}
    assert len(task.items) == 2 * EACH
    assert all(whole[item.prompt].answer == item.answer for item in task.items)
    assert "confirmed on the other half" in task.description and "topic 03: -0." in task.notes
    broken = {issue.rule for issue in validate(target) if issue.severity == "error"}
    assert broken == {"V3"}  # eighty items are fewer than the contest asked for, and it says so
    again = runner.invoke(app, ["tasks", "discover", str(run.path), str(target)])
    assert isinstance(again.exception, TaskError)  # nothing is written over


def test_where_nothing_gets_worse_nothing_is_written(tmp_path: Path) -> None:
    run = measured_run(tmp_path, {})
    target = tmp_path / "found.csv"
    result = runner.invoke(app, ["tasks", "discover", str(run.path), str(target)])
    assert result.exit_code == OK
    assert "Nothing is confirmed" in result.output and f"of {GROUPS} groups" in " ".join(
        result.output.split()
    )
    assert not target.exists()
    with pytest.raises(StudyError, match="Nothing is confirmed"):
        discovering.write(run, discovering.look(run), target)


def test_groups_too_small_to_be_halved_are_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = measured_run(tmp_path, {"topic 03": -0.6})
    monkeypatch.setattr(items, "FEWEST", EACH)
    found = discovering.look(run)
    assert not found.confirmed
    assert f"Nothing could be searched along models given by size: none of {GROUPS} groups" in found.nothing


def test_a_rise_is_no_discovery(tmp_path: Path) -> None:
    run = measured_run(tmp_path, {"topic 03": +0.4})
    assert not discovering.look(run).confirmed


def test_too_few_models_and_unknown_names_are_refused(tmp_path: Path) -> None:
    run = measured_run(tmp_path, {"topic 03": -0.6}, models=3)
    with pytest.raises(StudyError, match="3 models along models given by size"):
        discovering.look(run)
    with pytest.raises(StudyError, match="no series 'pico'"):
        discovering.look(run, "pico")
    empty = RunFolder.create_or_open(tmp_path / "empty", {"studies": []})
    with pytest.raises(RunError, match="holds nothing measured"):
        discovering.look(empty)


def test_a_task_that_is_not_confirmed_cannot_be_written(tmp_path: Path) -> None:
    run = measured_run(tmp_path, {"topic 03": -0.6})
    found = discovering.look(run)
    with pytest.raises(StudyError, match="one of quiz"):
        discovering.write(run, found, tmp_path / "found.csv", task="memo-trap")
