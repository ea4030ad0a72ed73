"""What goes into a run folder comes out again, in one order."""

import json
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import toy_cells
from taskscope.errors import RunError
from taskscope.runs.cell import Cell, Measured
from taskscope.runs.store import RunFolder
from toy_cells import N_ROWS, toy_cell


def _measured(cell: Cell) -> Measured:
    return toy_cells.measure(cell, None)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create_or_open(tmp_path / "run", {"profile": "smoke"})


def test_a_cell_comes_back_as_it_was_written(folder: RunFolder) -> None:
    cell = toy_cell(seed=3)
    measured = _measured(cell)
    assert not folder.has(cell.key)
    assert folder.write(cell, measured, {"seconds": 1.5, "shape": (2, np.int64(3))})
    again = RunFolder.open(folder.path)
    assert again.has(cell.key)
    rows = again.rows()
    assert rows.column_names == ["key", "model", "task", "seed", "item", "score"]
    assert set(zip(*(rows[name].to_pylist() for name in ("key", "model", "task", "seed")), strict=True)) == {
        (cell.key, "a", "copy", 3)
    }
    assert rows.select(["item", "score"]).equals(measured.rows)
    assert np.array_equal(again.arrays(cell.key)["scores"], measured.arrays["scores"])
    (record,) = again.cells()
    assert record.cell == cell and record.n_rows == N_ROWS
    assert record.notes == measured.notes
    assert record.provenance == {"seconds": 1.5, "shape": [2, 3]}


def test_stored_rows_are_whole_by_themselves(folder: RunFolder) -> None:
    cell = toy_cell()
    folder.write(cell, _measured(cell), {})
    stored = pq.read_table(folder.path / "cells" / cell.key / "rows.parquet")
    assert stored.column_names[:4] == ["key", "model", "task", "seed"]


def test_rows_do_not_depend_on_the_order_of_writing(tmp_path: Path) -> None:
    cells = [toy_cell(m, seed, task) for m in "ab" for seed in (10, 9) for task in ("copy", "antonyms")]
    tables = []
    for attempt in range(3):
        folder = RunFolder.create_or_open(tmp_path / str(attempt), {})
        for cell in random.Random(attempt).sample(cells, len(cells)):
            folder.write(cell, _measured(cell), {})
        tables.append(folder.rows())
        tables.append(RunFolder.open(folder.path).rows())
    assert all(table.equals(tables[0]) for table in tables)
    order = list(zip(*(tables[0][name].to_pylist() for name in ("model", "task", "seed")), strict=True))
    assert order == sorted(order)


def test_rows_of_some_cells(folder: RunFolder) -> None:
    cells = [toy_cell(seed=s) for s in range(3)]
    for cell in cells[:2]:
        folder.write(cell, _measured(cell), {})
    assert set(folder.rows([cells[1].key, cells[2].key])["key"].to_pylist()) == {cells[1].key}


def test_rows_of_nothing_have_the_front_columns(folder: RunFolder) -> None:
    assert folder.rows().schema == pa.schema(
        [pa.field(n, pa.string(), False) for n in ("key", "model", "task")]
        + [pa.field("seed", pa.int64(), False)]
    )


def test_rows_are_of_one_study(folder: RunFolder) -> None:
    for study in ("one", "two"):
        cell = toy_cell(study=study)
        folder.write(cell, _measured(cell), {})
    with pytest.raises(RunError, match="one, two"):
        folder.rows()
    assert folder.rows(study="two").num_rows == N_ROWS


def test_a_column_that_some_cells_lack_holds_nulls(folder: RunFolder) -> None:
    folder.write(toy_cell(seed=0), Measured(pa.table({"x": [1]})), {})
    folder.write(toy_cell(seed=1), Measured(pa.table({"x": [2], "extra": ["e"]})), {})
    assert folder.rows()["extra"].to_pylist() == [None, "e"]


def test_a_column_of_two_types_is_refused(folder: RunFolder) -> None:
    folder.write(toy_cell(seed=0), Measured(pa.table({"x": [1]})), {})
    folder.write(toy_cell(seed=1), Measured(pa.table({"x": ["one"]})), {})
    with pytest.raises(RunError, match="x"):
        folder.rows()


def test_a_cell_of_pure_theory_has_empty_labels(folder: RunFolder) -> None:
    cell = toy_cell(model=None, tasks=())
    folder.write(cell, _measured(cell), {})
    assert set(folder.rows()["model"].to_pylist()) == {""} == set(folder.rows()["task"].to_pylist())


@pytest.mark.parametrize(
    "array",
    [
        np.array(0.25),
        np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1),
        np.arange(10, dtype=np.int16)[::2],
        np.array([True, False]),
        np.empty((0, 3), np.float16),
    ],
    ids=["scalar", "transposed", "strided", "bool", "empty"],
)
def test_arrays_of_any_layout(folder: RunFolder, array: np.ndarray) -> None:
    cell = toy_cell()
    folder.write(cell, Measured(pa.table({"x": [1]}), {"array": array}), {})
    read = folder.arrays(cell.key)["array"]
    assert read.dtype == array.dtype and read.shape == array.shape and np.array_equal(read, array)


def test_a_cell_without_arrays(folder: RunFolder) -> None:
    cell = toy_cell()
    folder.write(cell, Measured(pa.table({"x": [1]})), {})
    assert folder.arrays(cell.key) == {}
    with pytest.raises(RunError, match="No measured cell"):
        folder.arrays("0" * 64)


def test_the_first_measurement_is_kept(folder: RunFolder) -> None:
    cell = toy_cell()
    other = RunFolder.create_or_open(folder.path, {})
    assert folder.write(cell, Measured(pa.table({"x": [1]})), {})
    assert not other.write(cell, Measured(pa.table({"x": [2]})), {})
    assert other.rows()["x"].to_pylist() == [1]


def test_cells_of_another_process_are_seen(folder: RunFolder) -> None:
    other = RunFolder.create_or_open(folder.path, {})
    cells = [toy_cell(seed=s) for s in range(2)]
    for cell in cells:
        other.write(cell, _measured(cell), {})
    assert folder.has(cells[0].key)
    assert folder.rows().num_rows == 2 * N_ROWS


@pytest.mark.parametrize(
    "measured",
    [
        None,
        Measured(rows=[1]),  # type: ignore[arg-type]
        Measured(pa.table({"seed": [1]})),
        Measured(pa.table([[1], [2]], names=["x", "x"])),
        Measured(pa.table({"x": [1]}), {"words": np.array(["a"])}),
        Measured(pa.table({"x": [1]}), {"list": [1.0]}),  # type: ignore[dict-item]
    ],
    ids=["nothing", "no table", "reserved column", "column twice", "text array", "no array"],
)
def test_what_cannot_be_stored_is_refused(folder: RunFolder, measured: Measured) -> None:
    with pytest.raises(RunError, match="toy_cells:measure"):
        folder.write(toy_cell(), measured, {})
    assert folder.cells() == []


def test_notes_may_hold_anything(folder: RunFolder) -> None:
    cell = toy_cell()
    notes = {
        "nan": float("nan"),
        "array": np.arange(2),
        "path": Path("x"),
        1: (np.float32(0.5), {"deep": -np.inf}),
    }
    folder.write(cell, Measured(pa.table({"x": [1]}), notes=notes), {})
    assert RunFolder.open(folder.path).cells()[0].notes == {
        "nan": None,
        "array": [0, 1],
        "path": "x",
        "1": [0.5, {"deep": None}],
    }


def test_a_failure_is_data_until_the_cell_is_measured(folder: RunFolder) -> None:
    cell = toy_cell()
    folder.write_failure(cell, ValueError("no label"), "Traceback ...", {"seconds": 0.1}, tainted=True)
    folder.write_failure(cell, KeyError("label"), "Traceback again", {})
    (record,) = RunFolder.open(folder.path).cells()
    assert record.status == "failed" and record.error is not None
    assert (record.error.type, record.error.message) == ("KeyError", "'label'")
    assert (record.error.traceback, record.error.tainted) == ("Traceback again", False)
    assert not folder.has(cell.key)
    assert folder.rows().num_rows == 0
    folder.write(cell, _measured(cell), {})
    assert [r.status for r in RunFolder.open(folder.path).cells()] == ["done"]
    assert [p.name for p in (folder.path / "cells").iterdir()] == [cell.key]


def test_a_failure_never_displaces_a_measurement(folder: RunFolder) -> None:
    cell = toy_cell()
    folder.write(cell, _measured(cell), {})
    folder.write_failure(cell, ValueError("late"), "", {})
    assert folder.has(cell.key)
    assert [r.status for r in RunFolder.open(folder.path).cells()] == ["done"]


def test_a_forgotten_cell_is_replaced_only_by_its_new_measurement(folder: RunFolder) -> None:
    cell = toy_cell()
    folder.write(cell, Measured(pa.table({"x": [1]})), {})
    folder.forget([cell.key])
    assert not folder.has(cell.key)
    assert folder.rows().num_rows == 0
    assert RunFolder.open(folder.path).rows()["x"].to_pylist() == [1]
    assert folder.write(cell, Measured(pa.table({"x": [2]})), {})
    assert folder.has(cell.key)
    assert RunFolder.open(folder.path).rows()["x"].to_pylist() == [2]
    assert not list((folder.path / ".tmp").iterdir())


def test_reading_survives_a_replacement_by_another_process(folder: RunFolder) -> None:
    cell = toy_cell()
    folder.write(cell, Measured(pa.table({"x": [1]})), {})
    other = RunFolder.create_or_open(folder.path, {})
    other.forget([cell.key])
    other.write(cell, Measured(pa.table({"x": [2, 3]})), {})
    assert folder.rows()["x"].to_pylist() == [2, 3]


def test_stale_names_cells_of_other_code(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, missing = (toy_cell(seed=s) for s in range(3))
    with monkeypatch.context() as patch:
        patch.setattr("taskscope.runs.store.code_hash", lambda measure: "0" * 64)
        folder.write(old, _measured(old), {})
    folder.write(new, _measured(new), {})
    assert folder.stale([new, missing, old]) == [old]
    folder.forget([old.key])
    folder.write(old, _measured(old), {})
    assert folder.stale([new, missing, old]) == []


def test_opening_again_extends(folder: RunFolder) -> None:
    cell = toy_cell()
    folder.write(cell, _measured(cell), {})
    extended = RunFolder.create_or_open(folder.path, {"profile": "standard"})
    assert extended.has(cell.key)
    assert extended.spec == {"profile": "standard"} == RunFolder.open(folder.path).spec
    assert [m["spec"]["profile"] for m in extended.history()] == ["smoke", "standard"]
    for _ in range(2):
        RunFolder.create_or_open(folder.path, {"profile": "smoke"})
    assert len(extended.history()) == 2


def test_manifest_says_where_it_was_made(folder: RunFolder) -> None:
    manifest = json.loads((folder.path / "run.json").read_text())
    assert manifest["schema_version"] == 1
    assert {"python", "numpy", "pyarrow"} <= manifest["versions"].keys()
    assert manifest["host"]["cores"] >= 1
    assert manifest["git"] is None or len(manifest["git"]["commit"]) == 40
    assert isinstance(manifest["accelerators"], list)


def test_findings_are_canonical(folder: RunFolder) -> None:
    with pytest.raises(RunError, match="report"):
        folder.findings()
    folder.write_findings([{"b": 1.0, "a": "é"}])
    written = (folder.path / "findings.json").read_bytes()
    folder.write_findings([{"a": "é", "b": 1.0}])
    assert (folder.path / "findings.json").read_bytes() == written
    assert folder.findings() == [{"a": "é", "b": 1.0}]


def test_a_finding_with_nan_is_refused_and_the_old_ones_stay(folder: RunFolder) -> None:
    folder.write_findings([{"estimate": 1.0}])
    with pytest.raises(RunError, match="finding"):
        folder.write_findings([{"estimate": float("nan")}])
    assert folder.findings() == [{"estimate": 1.0}]


def test_figures_are_written_as_spec_and_picture(folder: RunFolder) -> None:
    folder.write_figure("accuracy-by-block", {"mark": "line"}, "<svg/>")
    assert json.loads((folder.path / "figures" / "accuracy-by-block.json").read_text()) == {"mark": "line"}
    assert (folder.path / "figures" / "accuracy-by-block.svg").read_text() == "<svg/>"


def test_reading_changes_nothing(folder: RunFolder) -> None:
    cell = toy_cell()
    folder.write(cell, _measured(cell), {})
    (folder.path / "cells" / cell.key / "rows.parquet").write_bytes(b"")
    before = {p: p.stat().st_mtime_ns for p in folder.path.rglob("*")}
    opened = RunFolder.open(folder.path)
    assert opened.cells() == [] and opened.rows().num_rows == 0
    assert {p: p.stat().st_mtime_ns for p in folder.path.rglob("*")} == before


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(RunError, match="holds files but no run"):
        RunFolder.create_or_open(tmp_path, {})
    with pytest.raises(RunError, match="is a file"):
        RunFolder.create_or_open(tmp_path / "thesis.tex", {})
    with pytest.raises(RunError, match="not a run folder"):
        RunFolder.open(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_files_that_nobody_here_wrote_are_no_cells(folder: RunFolder) -> None:
    (folder.path / "cells" / ".DS_Store").write_text("x")
    opened = RunFolder.open(folder.path)
    assert opened.cells() == [] and opened.damaged == {}
