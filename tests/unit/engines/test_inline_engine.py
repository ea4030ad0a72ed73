"""The engine: each model once, what is held skipped, failures kept, nothing left behind."""

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import toy_cells
from taskscope.engines import inline
from taskscope.engines.events import CellDone, CellFailed, CellSkipped, CellStarted, Event, ModelLoading
from taskscope.errors import ModelError
from taskscope.runs.cell import Cell, Measured, ModelRef
from taskscope.runs.store import RunFolder
from toy_cells import toy_cell, toy_plan


class Model:
    """Stands for a language model; `wear` plays what a measurement does to it."""

    device = "cpu"

    def __init__(self, ref: ModelRef) -> None:
        self.ref, self.worn = ref, False

    @contextmanager
    def guard(self) -> Iterator[None]:
        yield
        if self.worn:
            raise ModelError("weights changed")


def measure_or_fail(cell: Cell, model: Model) -> Measured:
    """Do what the cell's parameters ask for."""
    match cell.params.get("do"):
        case "raise":
            raise ValueError("no label\nsecond line")
        case "wear":
            model.worn = True
        case "wear and raise":
            model.worn = True
            raise ValueError("no label")
        case "interrupt":
            raise KeyboardInterrupt
        case "return nothing":
            return None  # type: ignore[return-value]
    return toy_cells.measure(cell, model)


def _cell(do: str = "", seed: int = 0, model: str = "a") -> Cell:
    return toy_cell(model, seed, params={"do": do}, measure="test_inline_engine:measure_or_fail")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create_or_open(tmp_path / "run", {})


def _run(folder: RunFolder, cells: list[Cell], load: Any = Model) -> tuple[inline.Outcome, list[Event]]:
    events: list[Event] = []
    return inline.run(cells, folder, load, on_event=events.append), events


def _told(events: list[Event]) -> list[tuple[str, Any]]:
    return [
        (
            type(e).__name__,
            e.model.label if isinstance(e, ModelLoading) else (e.cell.model.label, e.cell.seed),
        )  # type: ignore[union-attr]
        for e in events
    ]


def test_cells_are_grouped_by_model_in_the_order_of_the_plan(folder: RunFolder) -> None:
    plan = [toy_cell("b", 1), toy_cell("a", 0), toy_cell("b", 0), toy_cell("a", 1)]
    outcome, events = _run(folder, plan)
    assert _told(events) == [
        ("ModelLoading", "b"),
        ("CellStarted", ("b", 1)),
        ("CellDone", ("b", 1)),
        ("CellStarted", ("b", 0)),
        ("CellDone", ("b", 0)),
        ("ModelLoading", "a"),
        ("CellStarted", ("a", 0)),
        ("CellDone", ("a", 0)),
        ("CellStarted", ("a", 1)),
        ("CellDone", ("a", 1)),
    ]
    assert (outcome.measured, outcome.skipped, outcome.failures) == (4, 0, ())


def test_a_run_that_is_complete_loads_nothing(folder: RunFolder) -> None:
    plan = toy_plan("ab", 2)
    _run(folder, plan)
    outcome, events = _run(folder, plan)
    assert all(isinstance(e, CellSkipped) for e in events) and len(events) == 4
    assert (outcome.measured, outcome.skipped) == (0, 4)


@pytest.mark.parametrize(
    "wider", [toy_plan("ab", 3), toy_plan("abc", 2)], ids=["a seed more", "a model more"]
)
def test_a_wider_plan_measures_only_what_is_new(folder: RunFolder, wider: list[Cell]) -> None:
    held = toy_plan("ab", 2)
    _run(folder, held)
    outcome, events = _run(folder, wider)
    started = {e.cell.key for e in events if isinstance(e, CellStarted)}
    assert started == {c.key for c in wider} - {c.key for c in held}
    assert outcome.measured == len(started)


def test_only_forgotten_cells_are_measured_again(folder: RunFolder) -> None:
    plan = toy_plan("a", 3)
    _run(folder, plan)
    folder.forget([plan[1].key])
    outcome, events = _run(folder, plan)
    assert [e.cell for e in events if isinstance(e, CellStarted)] == [plan[1]]
    assert (outcome.measured, outcome.skipped) == (1, 2)


def test_models_that_differ_in_how_they_are_loaded_are_loaded_apart(folder: RunFolder) -> None:
    one, two = toy_cell(seed=0), toy_cell(seed=1)
    assert two.model is not None
    two = two.model_copy(update={"model": two.model.model_copy(update={"load": {"device": "cuda"}})})
    _, events = _run(folder, [one, two])
    assert [e.model.load for e in events if isinstance(e, ModelLoading)] == [{}, {"device": "cuda"}]


def test_one_model_in_memory_at_a_time(folder: RunFolder) -> None:
    alive: list[weakref.ref[Model]] = []

    def load(ref: ModelRef) -> Model:
        assert [m() for m in alive if m() is not None] == []
        model = Model(ref)
        model.circle = model  # type: ignore[attr-defined]
        alive.append(weakref.ref(model))
        return model

    _run(folder, toy_plan("abc", 2), load)
    assert len(alive) == 3
    gc.collect()
    assert [m() for m in alive] == [None] * 3


def test_a_cell_named_twice_is_measured_once(folder: RunFolder) -> None:
    outcome, _ = _run(folder, [toy_cell(), toy_cell(), _cell("raise"), _cell("raise")])
    assert (outcome.measured, outcome.skipped, len(outcome.failures)) == (1, 2, 1)


def test_a_failing_cell_is_data_and_the_others_go_on(folder: RunFolder) -> None:
    outcome, events = _run(folder, [_cell("raise", 0), _cell("", 1)])
    assert outcome.measured == 1
    (failed,) = outcome.failures
    assert str(failed) == "toy a copy seed 0: ValueError: no label"
    assert failed in events and not failed.tainted
    assert sum(isinstance(e, ModelLoading) for e in events) == 1
    bad = next(r for r in folder.cells() if r.status == "failed")
    assert bad.error is not None and bad.error.type == "ValueError"
    assert bad.error.message == "no label\nsecond line"
    assert "measure_or_fail" in bad.error.traceback
    assert bad.provenance["engine"] == "inline"


def test_a_failed_cell_is_tried_again(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = _cell("raise")
    _run(folder, [cell])
    monkeypatch.setattr(sys.modules[__name__], "measure_or_fail", toy_cells.measure)
    outcome, _ = _run(folder, [cell])
    assert outcome.measured == 1 and folder.has(cell.key)


@pytest.mark.parametrize("do", ["wear", "wear and raise"])
def test_a_tainted_cell_fails_and_its_model_is_let_go(folder: RunFolder, do: str) -> None:
    outcome, events = _run(folder, [_cell(do, 0), _cell("", 1)])
    assert [type(e) for e in events] == [
        ModelLoading,
        CellStarted,
        CellFailed,
        ModelLoading,
        CellStarted,
        CellDone,
    ]
    assert outcome.failures[0].tainted
    bad = next(r for r in folder.cells() if r.status == "failed")
    assert bad.error is not None and bad.error.tainted and bad.error.type == "ModelError"
    assert ("no label" in bad.error.traceback) == (do == "wear and raise")
    assert not folder.has(bad.key)


def test_a_model_that_cannot_be_loaded_fails_its_cells_only(folder: RunFolder) -> None:
    tried = []

    def load(ref: ModelRef) -> Model:
        tried.append(ref.label)
        if ref.label == "b":
            raise ModelError("no such model: b")
        return Model(ref)

    outcome, events = _run(folder, toy_plan("bac", 2), load)
    assert tried == ["b", "a", "c"]
    assert outcome.measured == 4
    assert [str(f) for f in outcome.failures] == [
        "toy b copy seed 1: ModelError: no such model: b",
        "toy b copy seed 0: ModelError: no such model: b",
    ]
    assert not any(isinstance(e, CellStarted) and e.cell.model.label == "b" for e in events)  # type: ignore[union-attr]
    outcome, _ = _run(folder, toy_plan("bac", 2))
    assert (outcome.measured, outcome.skipped, outcome.failures) == (2, 4, ())


@pytest.mark.parametrize(
    "path", ["toy_cells:no_such_function", "no_such_module:measure", "toy_cells", "", "toy_cells:N_ROWS"]
)
def test_a_function_that_does_not_exist_fails_the_cell(folder: RunFolder, path: str) -> None:
    outcome, _ = _run(folder, [toy_cell(measure=path)])
    assert "RunError" in outcome.failures[0].error


def test_a_function_that_returns_nothing_fails_the_cell(folder: RunFolder) -> None:
    outcome, _ = _run(folder, [_cell("return nothing")])
    assert "NoneType" in outcome.failures[0].error


def test_an_interruption_passes_and_keeps_what_is_done(folder: RunFolder) -> None:
    plan = [_cell("", 0), _cell("interrupt", 1), _cell("", 2)]
    with pytest.raises(KeyboardInterrupt):
        _run(folder, plan)
    again = RunFolder.create_or_open(folder.path, {})
    assert [r.key for r in again.cells()] == [plan[0].key]
    assert not list((folder.path / ".tmp").iterdir())


def test_cells_of_pure_theory_need_no_model(folder: RunFolder) -> None:
    outcome, events = _run(folder, [toy_cell(model=None)], load=None)
    assert outcome.measured == 1
    assert [type(e) for e in events] == [CellStarted, CellDone]


def test_how_a_cell_was_measured_is_recorded(folder: RunFolder) -> None:
    _run(folder, [toy_cell()])
    told = folder.cells()[0].provenance
    assert told["engine"] == "inline"
    assert told["model"] == {"device": "cpu"}
    assert told["seconds"] >= 0
    assert told["peak_bytes"]["process"] > 1_000_000
    assert {"versions", "git", "host", "accelerators", "started"} <= told.keys()


def test_runs_and_engines_start_without_heavy_packages() -> None:
    asked = (
        "import sys, taskscope.runs.store, taskscope.runs.query, taskscope.engines.inline;"
        "print(sorted({'torch', 'pandas', 'transformers', 'duckdb', 'scipy'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
