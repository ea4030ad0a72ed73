"""A run as files: CSV, Parquet and Vega-Lite say what the run holds."""

from __future__ import annotations

import base64
import csv
import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from taskscope.cli.console import OK
from taskscope.cli.main import app
from taskscope.errors import RunError
from taskscope.runs.plain_tables import write_csv
from taskscope.runs.store import RunFolder
from taskscope.studies import runner
from taskscope.studies.exporting import export


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A run without a model: two models' results, given as score files."""
    home = tmp_path_factory.mktemp("export")
    scores = home / "scores"
    scores.mkdir()
    for number, name in enumerate(("ada", "babbage", "curie", "davinci")):
        lines = [f"{item},{0.3 + 0.1 * number + 0.01 * item},{item % 2},-0.2" for item in range(40)]
        text = "\n".join(["index,loss,correct,total_logprob", *lines])
        (scores / f"{name}.csv").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(
        app,
        ["run", "inverse-scaling", "--scores", str(scores), "--out", str(home / "run"), "--set", "draws=100"],
    )
    assert done.exit_code == OK, done.output
    return home / "run"


def test_rows_findings_and_charts_are_those_of_the_run(folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", str(folder), str(tmp_path / "out")])
    assert done.exit_code == OK, done.output
    run = RunFolder.open(folder)
    rows = run.rows(study="inverse-scaling")
    assert parquet.read_table(tmp_path / "out" / "rows" / "inverse-scaling.parquet").equals(rows)
    with (tmp_path / "out" / "rows" / "inverse-scaling.csv").open(encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    assert [float(line["loss"]) for line in lines] == rows["loss"].to_pylist()
    assert [line["member"] for line in lines] == rows["member"].cast(pa.string()).to_pylist()
    with (tmp_path / "out" / "findings.csv").open(encoding="utf-8") as stream:
        findings = list(csv.DictReader(stream))
    assert [(one["claim"], one["verdict"]) for one in findings] == [
        (one["claim"], one["verdict"]) for one in run.findings()
    ]
    charts = {path.name: json.loads(path.read_text()) for path in (tmp_path / "out" / "charts").iterdir()}
    assert charts and all("vega-lite" in spec["$schema"] for spec in charts.values())


def test_csv_says_lists_as_json_and_bytes_as_base64(tmp_path: Path) -> None:
    table = pa.table(
        {
            "numbers": pa.array([[1.5, 2.0], None]),
            "raw": pa.array([b"\x00\xff", None]),
            "word": pa.array(["a,b", 'say "x"']).dictionary_encode(),
        }
    )
    write_csv(table, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as stream:
        first, second = csv.DictReader(stream)
    assert json.loads(first["numbers"]) == [1.5, 2.0] and second["numbers"] == ""
    assert base64.b64decode(first["raw"]) == b"\x00\xff"
    assert (first["word"], second["word"]) == ("a,b", 'say "x"')


def test_an_unknown_format_and_an_unwritable_folder_are_refused(folder: Path, tmp_path: Path) -> None:
    run = RunFolder.open(folder)
    with pytest.raises(RunError, match="format 'exel'"):
        export(run, [], tmp_path, ["exel"])
    (tmp_path / "file").write_text("here")
    with pytest.raises(RunError, match="cannot be written"):
        export(run, runner.conclude(run), tmp_path / "file", ["csv"])
