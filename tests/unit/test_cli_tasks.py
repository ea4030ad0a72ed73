"""`taskscope tasks`: issues for people and machines, exit codes, no torch without a model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from taskscope.cli.console import BAD_INPUT, OK
from taskscope.cli.main import app
from taskscope.tasks import choice_files

runner = CliRunner()


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    rows = "".join(f"Is {k} even? Answer:,\"[' yes', ' no']\",{k % 2}\n" for k in range(300))
    path.write_text("prompt,classes,answer_index\n" + rows, encoding="utf-8")
    return path


@pytest.mark.parametrize("command", ["validate", "convert", "discover"])
def test_help_shows_an_example(command: str) -> None:
    result = runner.invoke(app, ["tasks", command, "--help"])
    assert result.exit_code == OK
    assert f"taskscope tasks {command}" in result.output


def test_warnings_alone_are_no_obstacle(mine: Path) -> None:
    result = runner.invoke(app, ["tasks", "validate", str(mine)])
    assert result.exit_code == OK, result.output
    assert "0 errors, 4 warnings" in result.output and "V16" in result.output
    assert "which need --model" in result.output


def test_errors_are_told_to_machines_too(mine: Path) -> None:
    with mine.open("a", encoding="utf-8") as stream:
        stream.write("Is [bold] even? Answer: ,\"[' yes', ' no']\",2\n")
    result = runner.invoke(app, ["tasks", "validate", str(mine), "--json"])
    assert result.exit_code == BAD_INPUT
    told = json.loads(result.output)
    assert told["errors"] == 1
    assert next(i for i in told["issues"] if i["severity"] == "error")["line"] == 302
    shown = runner.invoke(app, ["tasks", "validate", str(mine)])
    assert shown.exit_code == BAD_INPUT and "answer_index 2 is none of the 2" in shown.output


def test_a_model_adds_the_token_rules(mine: Path) -> None:
    text = mine.read_text(encoding="utf-8").replace("Answer:,\"[' yes'", "Answer: ,\"['yes'", 1)
    mine.write_text(text, encoding="utf-8")
    told = json.loads(runner.invoke(app, ["tasks", "validate", str(mine), "-m", "pico-xs", "--json"]).output)
    rules = {(issue["rule"], issue["line"]) for issue in told["issues"] if issue["severity"] == "error"}
    assert rules == {("V5", 2), ("V6", 2), ("V20", None)}


def test_convert_writes_a_task_that_is_the_same(mine: Path) -> None:
    target = mine.with_name("yours.jsonl")
    result = runner.invoke(app, ["tasks", "convert", str(mine), str(target)])
    assert result.exit_code == OK, result.output
    assert "300 items of the kind classification" in result.output
    assert choice_files.load(target).fingerprint == choice_files.load(mine).fingerprint


def test_validate_imports_no_torch(mine: Path) -> None:
    code = f"""
import sys
from taskscope.cli.main import run
sys.argv = ["taskscope", "tasks", "validate", {str(mine)!r}]
run_code = 0
try:
    run()
except SystemExit as end:
    run_code = end.code
heavy = {{"torch", "transformers", "altair", "scipy"}} & set(sys.modules)
assert not heavy and not run_code, (heavy, run_code)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
