"""Run folders that nobody would write: read, named as damaged, or refused; nothing outside is touched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile_files import fuzz, hostile
from hypothesis import given
from typer.testing import CliRunner

from report_sample import finding
from taskscope.cli.main import app
from taskscope.engines import inline
from taskscope.errors import RunError, TaskscopeError
from taskscope.report.findings import Verdict
from taskscope.runs.store import RunFolder
from toy_cells import load as load_toy
from toy_cells import toy_plan


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "run"
    folder = RunFolder.create_or_open(path, {"studies": []})
    inline.run(toy_plan("a", 2), folder, load_toy, on_event=lambda event: None)
    return path


@pytest.fixture
def restored(finished: Path) -> Iterator[Path]:
    """A finished run whose files are put back as they were."""
    kept = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    yield finished
    for path, content in kept.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


@pytest.mark.parametrize("name", ["run.json", "cell.json", "rows.parquet", "arrays.safetensors"])
def test_run_folders(restored: Path, name: str) -> None:
    path = next(restored.rglob(name))
    sample = path.read_bytes()

    @fuzz
    @given(hostile(sample))
    def is_read_or_refused(content: bytes) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        try:
            folder = RunFolder.open(restored)
            rows = folder.rows()
            assert rows.num_rows == 7 * sum(record.status == "done" for record in folder.cells())
            for record in folder.cells():
                folder.arrays(record.key)
        except RunError as error:
            assert error.given

    is_read_or_refused()


FINDING = finding("C1", "One vector", "m", Verdict.SUPPORTED).model_dump(mode="json")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("findings.json", ["show"]),
        ("findings.json", ["show", "--json"]),
        ("run.json", ["show"]),
        ("run.json", ["report"]),
    ],
)
def test_commands_on_run_folders(tmp_path: Path, name: str, words: list[str]) -> None:
    """What the commands make of findings and requests that nobody wrote."""
    keys = [cell.key for cell in toy_plan("a", 1)]
    spec = {"request": {"studies": [], "models": [], "command": "x"}, "studies": [], "models": []}
    spec["studies"] = [{"study": "task-vectors", "params": {}, "keys": keys}]  # type: ignore[assignment]
    folder = RunFolder.create_or_open(tmp_path / "run", spec)
    inline.run(toy_plan("a", 1), folder, load_toy, on_event=lambda event: None)
    folder.write_findings([FINDING])
    path = folder.path / name
    sample = path.read_bytes()

    @fuzz
    @given(hostile(sample))
    def is_read_or_refused(content: bytes) -> None:
        path.write_bytes(content)
        result = CliRunner().invoke(app, [*words, str(folder.path)])
        assert result.exception is None or isinstance(result.exception, TaskscopeError | SystemExit), (
            result.exc_info
        )

    is_read_or_refused()


@pytest.mark.parametrize("member", ["../../x.parquet", "/etc/passwd", "a/../../x", ".."])
def test_a_record_that_names_files_outside_its_folder_is_not_followed(restored: Path, member: str) -> None:
    path = next(restored.rglob("cell.json"))
    record = json.loads(path.read_bytes())
    record["files"][member] = record["files"]["rows.parquet"]
    path.write_text(json.dumps(record))
    folder = RunFolder.open(restored)
    assert folder.damaged.keys() == {f"cells/{path.parent.name}"}
    assert "outside" in folder.damaged[f"cells/{path.parent.name}"]
