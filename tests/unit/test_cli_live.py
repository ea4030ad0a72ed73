"""`taskscope show RUN --live`: what it counts while others write, and when it ends."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from taskscope.cli import live
from taskscope.cli.main import app
from taskscope.runs.cell import Cell
from taskscope.runs.claims import Claims
from taskscope.runs.store import RunFolder
from toy_cells import measure, toy_plan


def spec(cells: list[Cell]) -> dict:
    asked = {"study": "toy", "params": {}, "keys": [cell.key for cell in cells]}
    return {"request": {"command": "toy", "studies": []}, "studies": [asked], "models": []}


def counted(seen: live.Look) -> tuple[int, int, int, int]:
    (count,) = seen.counts
    return count.done, count.failed, count.in_work, count.missing


def test_every_cell_is_counted_once(tmp_path: Path) -> None:
    plan = toy_plan("a", 4)
    folder = RunFolder.create_or_open(tmp_path / "run", spec(plan))
    folder.write(plan[0], measure(plan[0], None), {"seconds": 0.5, "started": "2026-01-01"})
    folder.write_failure(plan[1], ValueError("[bold]no"), "", {})
    watched = RunFolder.open(folder.path)
    with Claims(folder.path) as claims:
        claims.take(plan[2].key)
        claims.take(plan[1].key)  # tried again
        seen = live.look(watched)
        assert counted(seen) == (1, 0, 2, 1)
        assert len(seen.owners) == 2 and not seen.is_over
    assert counted(live.look(watched)) == (1, 1, 0, 2)
    for cell in plan[2:]:
        folder.write(cell, measure(cell, None), {"seconds": 0.5})
    seen = live.look(watched)
    assert counted(seen) == (3, 1, 0, 0) and seen.is_over
    assert seen.newest[0].cell == plan[0]


def test_a_run_that_is_over_is_shown_and_left(tmp_path: Path) -> None:
    (cell,) = plan = toy_plan("a", 1)
    folder = RunFolder.create_or_open(tmp_path / "run", spec(plan))
    folder.write(cell, measure(cell, None), {"seconds": 0.5})
    result = CliRunner().invoke(app, ["show", str(folder.path), "--live"])
    assert result.exit_code == 0, result.output
    assert "1 cells measured" in result.output and "Every cell is done or failed" in result.output


def test_a_run_that_is_extended_is_followed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = toy_plan("a", 2)
    folder = RunFolder.create_or_open(tmp_path / "run", spec(plan[:1]))
    seen: list[tuple[int, int, int, int]] = []
    look = live.look

    def extend(folder: RunFolder) -> live.Look:
        now = look(folder)
        seen.append(counted(now))
        if len(seen) == 1:
            folder.write(plan[0], measure(plan[0], None), {})
            RunFolder.create_or_open(folder.path, spec(plan))
        elif len(seen) == 3:
            folder.write(plan[1], measure(plan[1], None), {})
        return now

    monkeypatch.setattr(live, "look", extend)
    monkeypatch.setattr(live, "_EVERY", 0.0)
    live.follow(folder.path)
    assert seen == [(0, 0, 0, 1), (1, 0, 0, 1), (1, 0, 0, 1), (2, 0, 0, 0)]
