"""Series whose laws are known get the right names, through files as a user brings them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from taskscope.report.findings import Finding, Verdict
from taskscope.runs.store import RunFolder
from taskscope.stats.trends.rule import Label
from taskscope.studies import publish, runner
from taskscope.studies.inverse_scaling.analysis import analyse, results
from taskscope.studies.inverse_scaling.calibration import CALIBRATION
from taskscope.studies.inverse_scaling.params import InverseScalingParams
from taskscope.studies.inverse_scaling.simulation import (
    FALLING,
    RISING,
    SCENARIOS,
    STEADY,
    TURNED_OVER,
    U_SHAPED,
    Curve,
    Scenario,
)
from taskscope.studies.randomness import stream
from taskscope.studies.request import RunRequest, StudyRequest
from taskscope.tasks.published_points import find, load_points

PARAMS = InverseScalingParams(tasks=(), draws=400)
LAWS: dict[str, tuple[Curve, Label]] = {
    "rises": (RISING, Label.POSITIVE),
    "falls": (FALLING, Label.INVERSE),
    "turns": (U_SHAPED, Label.U),
    "turns over": (TURNED_OVER, Label.INVERTED_U),
    "stays": (STEADY, Label.UNDETERMINED),
}


def rows(curve: Curve, name: str) -> pa.Table:
    """Rows of one task along six simulated models."""
    scenario = Scenario(name, name, ({"task": curve},), ())
    return scenario.simulate(PARAMS, stream("planted series", name))


def as_files(table: pa.Table, folder: Path) -> None:
    """Write a table as somebody would bring it: one CSV for each model, and their sizes."""
    sizes = {}
    for row in table.to_pylist():
        sizes[row["member"]] = row["parameters"]
        path = folder / f"{row['member']}.csv"
        new = not path.exists()
        with path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["index", "loss", "correct", "total_logprob"])
            writer.writerow([row["item"], row["loss"], int(row["correct"]), row["total"]])
    with (folder / "models.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["model", "family", "parameters", "tokens"])
        writer.writerows([name, "planted", size, ""] for name, size in sizes.items())


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Label]:
    """The labels that a run on files gives, all laws side by side in one family."""
    root = tmp_path_factory.mktemp("series")
    folders = []
    for name, (curve, _) in LAWS.items():
        folder = root / name.replace(" ", "-")
        folder.mkdir()
        as_files(rows(curve, name), folder)
        folders.append(str(folder))
    request = RunRequest(
        studies=(StudyRequest(study="inverse-scaling", overrides={"scores": folders, "draws": 400}),),
        models=(),
        command="test",
    )
    plan = runner.plan(request)
    store: RunFolder = runner.open_folder(root / "run", plan)
    outcome = runner.execute(plan, store, lambda event: None)
    assert outcome.measured == len(LAWS)
    (study,) = runner.conclude(store)
    table = store.rows([cell.key for cell in plan.cells])
    assert {finding.model for finding in study.findings} == {"planted (results given) by size"}
    assert all(figure.spec for figure in study.figures)
    (series,) = results(table, InverseScalingParams(tasks=(), draws=400))
    return {task.grid.task.replace("-", " "): task.label for task in series.tasks}


@pytest.mark.parametrize("name", LAWS)
def test_every_law_gets_its_name(judged: dict[str, Label], name: str) -> None:
    assert judged[name] == LAWS[name][1]


def verdicts(scenario: str, number: int = 0) -> dict[str, Finding]:
    one = next(s for s in SCENARIOS if s.name == scenario)
    table = one.simulate(CALIBRATION.params, stream("planted scenario", scenario, number))
    return {finding.claim: finding for finding in analyse(table, CALIBRATION.params)}


def test_three_models_never_give_a_trend() -> None:
    found = verdicts("three models")
    assert {finding.verdict for finding in found.values()} == {Verdict.INCONCLUSIVE}
    assert "3 models are too few" in found["C1"].reason


def test_a_trap_is_told_from_a_form_that_is_lost() -> None:
    trap, lost = verdicts("a trap"), verdicts("the form is lost")
    assert (trap["C2"].verdict, trap["C6"].verdict) == (Verdict.SUPPORTED, Verdict.SUPPORTED)
    assert Verdict.SUPPORTED not in (lost["C2"].verdict, lost["C6"].verdict)
    estimate = trap["C2"].estimate
    assert estimate is not None and abs(estimate - 0.55) < 0.12  # rises by .30 where the task loses .25


def test_a_fall_stands_beside_what_shuffled_sizes_give() -> None:
    finding = verdicts("one task falls")["C1"]
    assert finding.verdict is Verdict.SUPPORTED
    (control,) = finding.controls
    assert control.name == finding.strongest == "strongest"
    assert finding.interval is not None and finding.interval.low > control.estimate > 0


def test_c4_is_said_to_be_untested_on_small_models() -> None:
    finding = verdicts("one task turns")["C4"]
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "cannot be tested" in finding.reason


def test_c4_is_tested_where_models_are_large_enough() -> None:
    """A task that falls up to 13 B and turns beyond, as published for PaLM."""
    table = rows((0.75, 0.62, 0.50, 0.37, 0.25, 0.75), "late turn")
    sizes = dict(zip(sorted(set(table["parameters"].to_pylist())), np.geomspace(1e8, 3e11, 6), strict=True))
    larger = pa.array([sizes[size] for size in table["parameters"].to_pylist()])
    table = table.set_column(table.column_names.index("parameters"), "parameters", larger)
    finding = {f.claim: f for f in analyse(table, PARAMS)}["C4"]
    assert "cannot be tested" not in finding.reason
    assert finding.verdict is Verdict.INCONCLUSIVE  # one task says nothing about most tasks


def test_one_model_is_said_to_be_no_series() -> None:
    table = rows(FALLING, "alone")
    alone = table.filter(pa.array([name == "model 0" for name in table["member"].to_pylist()]))
    found = analyse(alone, PARAMS)
    assert {finding.verdict for finding in found} == {Verdict.INCONCLUSIVE}
    assert "too few for a trend" in found[0].reason


def test_published_points_are_drawn_and_never_classified(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text(
        "family,parameters,tokens,task,metric,value,error,source\n"
        "PaLM,540e9,780e9,turns,accuracy,0.9,,table 1\n",
        encoding="utf-8",
    )
    folder = tmp_path / "turns"
    folder.mkdir()
    as_files(rows(U_SHAPED, "turns"), folder)
    changed = {"scores": [str(folder)], "points": str(path), "draws": 200}
    request = RunRequest(
        studies=(StudyRequest(study="inverse-scaling", overrides=changed),), models=(), command="test"
    )
    plan = runner.plan(request)
    store = runner.open_folder(tmp_path / "run", plan)
    assert not runner.execute(plan, store, lambda event: None).failures
    (study,) = runner.conclude(store)
    assert {finding.model for finding in study.findings} == {"planted (results given) by size"}
    main = next(figure for figure in study.figures if figure.main)
    assert '"PaLM"' in json.dumps(main.spec)


def test_published_means_are_compared_with_those_measured(tmp_path: Path) -> None:
    """The gate of E1: a value that is right passes, one that is off by more than an item does not."""
    table = rows(RISING, "compared")
    first = [row for row in table.to_pylist() if row["member"] == "model 0"]
    right = sum(row["correct"] for row in first) / len(first)
    folder = tmp_path / "compared"
    folder.mkdir()
    as_files(table, folder)
    head = "family,parameters,tokens,task,metric,value,error,source\n"
    place = f"planted (results given),{first[0]['parameters']},,compared"
    path = tmp_path / "points.csv"
    path.write_text(
        f"{head}{place},accuracy,{right:.4f},,t\n{place},loss,{first[0]['loss'] + 9},,t\n", encoding="utf-8"
    )
    changed = {"scores": [str(folder)], "points": str(path), "draws": 200}
    request = RunRequest(
        studies=(StudyRequest(study="inverse-scaling", overrides=changed),), models=(), command="test"
    )
    plan = runner.plan(request)
    store = runner.open_folder(tmp_path / "run", plan)
    assert not runner.execute(plan, store, lambda event: None).failures
    (study,) = runner.conclude(store)
    (told,) = [found for found in study.tables if found.name.endswith("-published")]
    assert [(row[2], row[-1]) for row in told.rows] == [("accuracy", "yes"), ("loss", "no")]


def test_the_published_means_of_opt_come_along() -> None:
    points = load_points(find("opt"))
    assert {point.family for point in points} == {"OPT"}
    assert {point.task for point in points} >= {"inverse-scaling/NeQA", "inverse-scaling/redefine-math"}
    hindsight = {p.parameters: p for p in points if p.task.endswith("10shot") and p.metric == "accuracy"}
    assert hindsight[125e6].value > hindsight[13e9].value  # accuracy falls while the loss improves


def test_what_makes_scores_weak_is_told_on_the_page(tmp_path: Path) -> None:
    folder = tmp_path / "short"
    folder.mkdir()
    for name in ("ada", "babbage"):
        (folder / f"{name}.csv").write_text("index,loss,correct\n0,0.5,1\n1,0.9,0\n", encoding="utf-8")
    request = RunRequest(
        studies=(StudyRequest(study="inverse-scaling", overrides={"scores": [str(folder)]}),),
        models=(),
        command="test",
    )
    plan = runner.plan(request)
    store = runner.open_folder(tmp_path / "run", plan)
    runner.execute(plan, store, lambda event: None)
    page = publish.write(store, runner.conclude(store)).read_text(encoding="utf-8")
    assert "short: 2 items, fewer than the 300 that the contest asked for" in page
