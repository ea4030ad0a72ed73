"""`taskscope theory`: numbers for people and machines, errors with a hint."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from taskscope.cli.console import OK
from taskscope.cli.main import app
from taskscope.errors import TaskscopeError
from taskscope.theory.scaling_laws.published import PUBLISHED

runner = CliRunner()
ASKED = ["theory", "skill-graph", "--theta", "0.1", "--k", "8", "--alpha", "0.2"]


@pytest.mark.parametrize("command", [["skill-graph"], ["scaling-law", "fit"]])
def test_help_shows_an_example(command: list[str]) -> None:
    result = runner.invoke(app, ["theory", *command, "--help"])
    assert result.exit_code == OK
    assert f"taskscope theory {' '.join(command)}" in " ".join(result.output.split())


def test_the_guarantee_is_printed_beside_what_frames_it() -> None:
    result = runner.invoke(app, ASKED)
    assert result.exit_code == OK, result.output
    for told in ("3.0672", "0.6933", "2.3000", "5.0000", "alpha below 0.6661"):
        assert told in result.output
    clamped = runner.invoke(app, [*ASKED[:-1], "0.9"]).output
    assert "has none here" in clamped


def test_machines_get_tuples_and_finite_graphs_too() -> None:
    more = ["--tuple", "2", "--texts", "8000", "--skills", "20", "--json"]
    told = json.loads(runner.invoke(app, [*ASKED, *more]).output)
    assert told["this_graph"]["beta"] == pytest.approx(3.0703, abs=5e-5)
    assert told["theorem"]["beta"] <= told["this_graph"]["beta"] <= told["any_graph"]["beta"]
    assert told["tuples"]["2"] == pytest.approx(0.440484, abs=1e-6)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        (["--alpha", "1.2"], "alpha = 1.2"),
        (["--alpha", "0"], "alpha = 0"),
        (["--theta", "1"], "theta = 1"),
        (["--theta", "-0.1"], "theta = -0.1"),
        (["--k", "0"], "k = 0"),
        (["--texts", "100"], "both --texts and --skills"),
    ],
)
def test_what_cannot_be_asked_is_said(changed: list[str], match: str) -> None:
    with pytest.raises(TaskscopeError, match=match):
        runner.invoke(app, [*ASKED, *changed], catch_exceptions=False)


def test_a_law_is_fitted_to_a_table(tmp_path: Path) -> None:
    n, d = (axis.ravel() for axis in np.meshgrid(np.geomspace(1e7, 1e10, 6), np.geomspace(1e9, 1e12, 6)))
    path = tmp_path / "points.csv"
    lines = (f"{a},{b},{c}" for a, b, c in zip(n, d, PUBLISHED["besiroglu"].law.loss(n, d), strict=True))
    path.write_text("\n".join(["parameters,tokens,loss", *lines]), encoding="utf-8")
    arguments = ["theory", "scaling-law", "fit", str(path), "--resamples", "20"]
    told = json.loads(runner.invoke(app, [*arguments, "--json"]).output)
    assert told["points"] == 36
    assert told["fit"]["size_exponent"]["estimate"] == pytest.approx(0.34781, rel=1e-4)
    shown = runner.invoke(app, arguments)
    assert shown.exit_code == OK, shown.output
    assert "0.3478" in shown.output and "besiroglu" in shown.output


@pytest.mark.parametrize(
    ("lines", "match"),
    [
        ([f"{n}e6,{n}e7,3" for n in range(1, 10)], "9 points"),
        ([f"1e6,{n}e7,3" for n in range(1, 12)], "all of one size"),
        ([f"{n}e6,{n}e7,-3" for n in range(1, 12)], "loss = -3 in point 1"),
        ([f"{n}e6,{n}e7,{'inf' if n == 4 else 3}" for n in range(1, 12)], "loss = inf in point 4"),
    ],
)
def test_a_table_that_has_no_law_is_refused(tmp_path: Path, lines: list[str], match: str) -> None:
    path = tmp_path / "points.csv"
    path.write_text("\n".join(["parameters,tokens,loss", *lines]), encoding="utf-8")
    with pytest.raises(TaskscopeError, match=match):
        runner.invoke(app, ["theory", "scaling-law", "fit", str(path)], catch_exceptions=False)
