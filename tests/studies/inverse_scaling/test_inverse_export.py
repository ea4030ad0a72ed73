"""Scores written as the contest's pipeline wrote them come back as they were measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taskscope.errors import RunError
from taskscope.models.spec import ModelSpec
from taskscope.runs.store import RunFolder
from taskscope.studies import runner
from taskscope.studies.inverse_scaling.exporting import export
from taskscope.studies.request import RunRequest, StudyRequest
from taskscope.tasks.score_files import load_scores

OVERRIDES = {"tasks": ["memo-trap", "prompt-injection"], "n_items": 12, "beside": False, "draws": 100}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    request = RunRequest(
        studies=(StudyRequest(study="inverse-scaling", overrides=OVERRIDES),),
        models=tuple(ModelSpec(name=name) for name in ("pico-xs", "pico-s", "pico-s@step-130")),
        command="test",
    )
    plan = runner.plan(request)
    folder = runner.open_folder(tmp_path_factory.mktemp("export") / "run", plan)
    assert not runner.execute(plan, folder, lambda event: None).failures
    return folder


def test_scores_come_back(run: RunFolder, tmp_path: Path) -> None:
    for folder in export(run, tmp_path / "scores"):
        found = load_scores(folder)
        assert [model.name for model in found.models] == ["pico-xs", "pico-s"]  # no place for a checkpoint
        rows = run.rows().to_pylist()
        for model, losses in zip(found.models, found.loss if found.loss is not None else (), strict=True):
            own = [r for r in rows if r["model"] == model.name and r["task"] == found.task]
            np.testing.assert_allclose(losses, [row["loss"] for row in own], rtol=1e-12)
            if found.correct is not None:
                at = found.models.index(model)
                assert found.correct[at].tolist() == [bool(row["correct"]) for row in own]


def test_a_run_of_something_else_is_refused(tmp_path: Path) -> None:
    empty = RunFolder.create_or_open(tmp_path / "empty", {"studies": []})
    with pytest.raises(RunError, match="holds no finished model"):
        export(empty, tmp_path / "scores")
