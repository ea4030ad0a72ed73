"""SQL reads runs and nothing else."""

from pathlib import Path

import pyarrow as pa
import pytest

import toy_cells
from taskscope.errors import RunError
from taskscope.runs.cell import Measured
from taskscope.runs.query import query
from taskscope.runs.store import RunFolder
from toy_cells import N_ROWS, toy_cell


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = RunFolder.create_or_open(tmp_path / "first", {})
    for seed in range(2):
        cell = toy_cell(seed=seed)
        folder.write(cell, toy_cells.measure(cell, None), {"seconds": 0.5, "engine": "inline"})
    folder.write_failure(toy_cell(seed=2), ValueError("no label"), "Traceback", {})
    return folder.path


def test_rows_are_those_of_the_run(run: Path) -> None:
    told = query("select * exclude (run, study) from rows", [run])
    assert told.to_pylist() == RunFolder.open(run).rows().to_pylist()


def test_runs_are_told_apart(run: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "second", tmp_path / "deeper" / "first"):
        folder = RunFolder.create_or_open(path, {})
        folder.write(toy_cell(), Measured(pa.table({"score": [0.5]})), {})
    told = query(
        "select run, count(*) as n from rows group by run order by n desc, run", [run, tmp_path / "second"]
    )
    assert told.to_pylist() == [{"run": "first", "n": 2 * N_ROWS}, {"run": "second", "n": 1}]
    twins = [run, tmp_path / "deeper" / "first"]
    assert set(query("select distinct run from rows", twins)["run"].to_pylist()) == {str(p) for p in twins}


def test_studies_are_joined_by_column_name(run: Path) -> None:
    folder = RunFolder.create_or_open(run, {})
    folder.write(toy_cell(study="other"), Measured(pa.table({"block": [3], "score": [1.0]})), {})
    told = query(
        "select study, count(block) as blocks, count(item) as items from rows group by all order by 1", [run]
    )
    assert told.to_pylist() == [
        {"study": "other", "blocks": 1, "items": 0},
        {"study": "toy", "blocks": 0, "items": 2 * N_ROWS},
    ]


def test_cells_tell_of_failures_and_parameters(run: Path) -> None:
    sql = "select seed, status, error, seconds, (params->>'n')::int as n, tasks from cells order by seed"
    assert query(sql, [run]).to_pylist() == [
        {"seed": 0, "status": "done", "error": None, "seconds": 0.5, "n": N_ROWS, "tasks": ["copy"]},
        {"seed": 1, "status": "done", "error": None, "seconds": 0.5, "n": N_ROWS, "tasks": ["copy"]},
        {
            "seed": 2,
            "status": "failed",
            "error": "ValueError: no label",
            "seconds": None,
            "n": N_ROWS,
            "tasks": ["copy"],
        },
    ]


def test_an_empty_run_can_be_queried(tmp_path: Path) -> None:
    RunFolder.create_or_open(tmp_path / "empty", {})
    assert query("select key, model from rows", [tmp_path / "empty"]).num_rows == 0
    assert query("select key from cells", []).num_rows == 0


@pytest.mark.parametrize(
    ("sql", "meant"),
    [
        ("select scores from rows", "'score'"),
        ("select * from row_s", "'rows'"),
        ("select c.stat from cells c", ""),
    ],
)
def test_an_unknown_name_lists_the_known_ones(run: Path, sql: str, meant: str) -> None:
    with pytest.raises(RunError) as caught:
        query(sql, [run])
    told = str(caught.value)
    assert meant in caught.value.hint
    assert "rows with the columns run, study, key, model, task, seed, item, score" in told
    assert "model_id" in told


def test_a_slip_of_grammar_is_told_as_such(run: Path) -> None:
    with pytest.raises(RunError, match="syntax error"):
        query("selec 1", [run])


@pytest.mark.parametrize(
    "sql",
    [
        "copy rows to '{out}'",
        "copy (select 1) to '{out}' (format parquet)",
        "attach '{out}' as other",
        "export database '{out}'",
        "select * from read_text('{secret}')",
        "select * from '{secret}'",
        "select * from glob('/*')",
        "select * from run",
        "install httpfs",
        "set enable_external_access = true",
        "set temp_directory = '{out}'",
        "pragma profiling_output = '{out}'",
    ],
)
def test_nothing_else_can_be_read_or_written(run: Path, tmp_path: Path, sql: str) -> None:
    secret, out = tmp_path / "secret.csv", tmp_path / "out"
    secret.write_text("a,b\n1,2\n")
    with pytest.raises(RunError):
        query(sql.format(secret=secret, out=out), [run])
    assert not out.exists()


def test_statements_cannot_change_the_run(run: Path) -> None:
    before = {p: p.read_bytes() for p in run.rglob("*") if p.is_file()}
    assert query("delete from rows; select count(*) as n from rows", [run]).to_pylist() == [{"n": 0}]
    assert {p: p.read_bytes() for p in run.rglob("*") if p.is_file()} == before
    assert query("", [run]).num_rows == 0


def test_a_path_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a run folder"):
        query("select 1", [tmp_path])


def test_a_column_that_is_text_in_one_study_and_a_list_in_another_has_two_names(tmp_path: Path) -> None:
    folder = RunFolder.create_or_open(tmp_path / "run", {})
    for study, shown in (("one-study", ["a", "b"]), ("other", [[1, 2], [3]])):
        rows = pa.table({"shown": shown, "score": [0.5, 1.0]})
        folder.write(toy_cell(study=study), Measured(rows), {})
    found = query(
        "select shown_one_study, len(shown_other) as n, score from rows order by score, n", [folder.path]
    )
    assert found.to_pylist() == [
        {"shown_one_study": None, "n": 2, "score": 0.5},
        {"shown_one_study": "a", "n": None, "score": 0.5},
        {"shown_one_study": None, "n": 1, "score": 1.0},
        {"shown_one_study": "b", "n": None, "score": 1.0},
    ]
