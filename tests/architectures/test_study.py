"""A study on random models of unlike families: it ends, with a page, and supports nothing."""

import json
from pathlib import Path

import pytest
import tiny
from families import FAMILIES
from typer.testing import CliRunner

from taskscope.cli.main import app

CHOSEN = ("gpt2", "gemma3_text", "mixtral", "bloom", "mamba")
"""Learned positions, windows, experts, ALiBi (rows), a state space without attention heads."""
TASKS = ("to-upper", "antonyms", "country-capital")


@pytest.mark.slow
@pytest.mark.parametrize("family", [f for f in FAMILIES if f.name in CHOSEN], ids=lambda family: family.name)
def test_no_claim_is_supported_on_a_random_model(family, tmp_path: Path) -> None:
    tiny.build(family, tmp_path / family.name)
    chosen = [argument for task in TASKS for argument in ("-t", task)]
    asked = ["run", "task-vectors", "-m", str(tmp_path / family.name), "--profile", "smoke", *chosen]
    result = CliRunner().invoke(app, [*asked, "--out", str(tmp_path / "run")])
    assert result.exit_code == 0, result.output
    findings = json.loads((tmp_path / "run" / "findings.json").read_text())
    assert findings
    assert {finding["verdict"] for finding in findings} <= {"contradicted", "inconclusive"}
    assert (tmp_path / "run" / "report.html").stat().st_size > 100_000
