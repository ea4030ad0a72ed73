"""Results that the contest's pilot published go through the same analysis, with no model at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from taskscope.report.findings import Verdict
from taskscope.stats.trends.rule import Label
from taskscope.studies import runner
from taskscope.studies.inverse_scaling.analysis import results
from taskscope.studies.inverse_scaling.params import InverseScalingParams
from taskscope.studies.inverse_scaling.trends import TaskTrend
from taskscope.studies.request import RunRequest, StudyRequest

DATA = os.environ.get("TASKSCOPE_DATA")
PILOT = Path(DATA or ".") / "inverse_scaling" / "pilot_results"
NAMES = ("dice-1shot", "scope-neglect-1shot", "syllogism-0shot", "fat-vs-thin")

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA, reason="needs the public data folder named by TASKSCOPE_DATA"),
]


def run(folder: Path, names: list[str]) -> tuple[dict[str, TaskTrend], list]:
    scores = [str(PILOT / name) for name in names]
    request = RunRequest(
        studies=(StudyRequest(study="inverse-scaling", overrides={"scores": scores, "draws": 1000}),),
        models=(),
        command="test",
    )
    plan = runner.plan(request)
    store = runner.open_folder(folder, plan)
    assert not runner.execute(plan, store, lambda event: None).failures
    (study,) = runner.conclude(store)
    table = store.rows([cell.key for cell in plan.cells])
    (series,) = results(table, InverseScalingParams(tasks=(), draws=1000))
    return {task.grid.task: task for task in series.tasks}, study.findings


@pytest.fixture(scope="module")
def gpt3(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, TaskTrend], list]:
    names = [*(f"{name}-gpt3" for name in NAMES), "QA-v2-gpt3", "lambada-1k-gpt3"]
    return run(tmp_path_factory.mktemp("gpt3") / "run", names)


def test_every_task_of_gpt3_gets_a_verdict(gpt3: tuple[dict[str, TaskTrend], list]) -> None:
    tasks, findings = gpt3
    labels = {name: task.label for name, task in tasks.items()}
    assert labels["scope-neglect-1shot-gpt3"] is Label.U
    assert labels["syllogism-0shot-gpt3"] is Label.POSITIVE
    assert labels["QA-v2-gpt3"] is Label.INVERSE
    verdicts = {finding.claim: finding.verdict for finding in findings}
    assert verdicts["C1"] is verdicts["C3"] is Verdict.SUPPORTED


def test_a_series_of_three_is_shown_and_not_named(gpt3: tuple[dict[str, TaskTrend], list]) -> None:
    """The largest model is missing from one folder: its task stays, with the models that there are."""
    task = gpt3[0]["lambada-1k-gpt3"]
    assert len(task.grid.models) == 3
    assert task.label is Label.UNDETERMINED
    assert task.loss.means.tolist() == sorted(task.loss.means.tolist())


def test_gpt2_spans_too_little_for_a_trend(tmp_path: Path) -> None:
    tasks, findings = run(tmp_path / "run", [f"{name}-gpt2" for name in NAMES])
    assert {task.label for task in tasks.values()} == {Label.UNDETERMINED}
    assert {finding.verdict for finding in findings} == {Verdict.INCONCLUSIVE}
    assert "1.5" in next(f.reason for f in findings if f.claim == "C1")
