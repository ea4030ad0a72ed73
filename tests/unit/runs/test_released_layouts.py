"""Run folders of every released layout are read, judged again and left as they are (docs/run_folders.md)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from taskscope.runs.query import query
from taskscope.runs.record import SCHEMA_VERSION
from taskscope.runs.store import RunFolder

RELEASED = Path(__file__).parent / "released"
FOLDERS = sorted(RELEASED.iterdir())


def test_every_layout_up_to_this_one_has_its_folder() -> None:
    assert [folder.name for folder in FOLDERS] == [f"layout-{n + 1}" for n in range(SCHEMA_VERSION)]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_older_folder_is_read_and_asked(folder: Path) -> None:
    run = RunFolder.open(folder)
    assert not run.damaged
    rows = run.rows(study="inverse-scaling")
    assert rows.num_rows == 48 and rows.column_names[:4] == ["key", "model", "task", "seed"]
    assert set(rows["member"].to_pylist()) == {"ada", "babbage", "curie", "davinci"}
    answer = query("select count(*) as n, avg(loss) as loss from rows", [folder]).to_pylist()
    assert answer == [{"n": 48, "loss": pytest.approx(0.505)}]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_its_findings_are_those_it_was_released_with(folder: Path, tmp_path: Path) -> None:
    from taskscope.studies import runner

    shutil.copytree(folder, tmp_path / "run")
    run = RunFolder.open(tmp_path / "run")
    (result,) = runner.conclude(run)
    released = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    assert [(f.claim, f.model, f.verdict) for f in result.findings] == [
        (f["claim"], f["model"], f["verdict"]) for f in released
    ]


def test_a_newer_layout_is_refused(tmp_path: Path) -> None:
    from taskscope.errors import RunError

    shutil.copytree(FOLDERS[-1], tmp_path / "run")
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    manifest["schema_version"] = SCHEMA_VERSION + 1
    (tmp_path / "run" / "run.json").write_text(json.dumps(manifest))
    with pytest.raises(RunError, match="newer taskscope"):
        RunFolder.open(tmp_path / "run")
