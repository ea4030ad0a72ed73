"""The worker without a cluster: what it refuses, keeps and tells; and Ray is imported only when asked for."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import toy_cells
from taskscope.engines import inline
from taskscope.engines.queues import Needs
from taskscope.engines.ray import cluster, driver
from taskscope.engines.ray.worker import Worker
from taskscope.errors import RunError
from taskscope.runs.cell import ModelRef
from taskscope.runs.store import RunFolder
from toy_cells import toy_cell, toy_plan


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create_or_open(tmp_path / "run", {})


def _worker(folder: RunFolder, opened: str = "", load=toy_cells.load) -> Worker:
    return Worker(str(folder.path), opened or folder.manifest["opened"], os.getcwd(), load)


def test_a_worker_keeps_its_model_and_tells_what_came_of_each_cell(folder: RunFolder) -> None:
    loads: list[str] = []

    def load(ref: ModelRef) -> str:
        loads.append(ref.label)
        return ref.label

    worker = _worker(folder, load=load)
    worker.open()
    cells = [
        toy_cell("a", 0),
        toy_cell("a", 1),
        toy_cell("b", 0),
        toy_cell("b", 1, measure="toy_cells:nowhere"),
    ]
    told = [pickle.loads(pickle.dumps(worker.measure(cell))) for cell in cells]
    assert [t.key for t in told] == [c.key for c in cells]
    assert loads == ["a", "b"]
    assert [bool(t.error) for t in told] == [False, False, False, True]
    assert "nowhere" in told[-1].error
    fresh = RunFolder.open(folder.path)
    assert [fresh.has(c.key) for c in cells] == [True, True, True, False]
    assert fresh.failure(cells[-1].key) is not None


def test_a_machine_that_does_not_see_the_run_folder(folder: RunFolder, tmp_path: Path) -> None:
    other = RunFolder.create_or_open(tmp_path / "other", {})
    with pytest.raises(RunError, match="does not see"):
        _worker(folder, opened=other.manifest["opened"]).open()
    gone = RunFolder(tmp_path / "gone", folder.manifest)
    with pytest.raises(RunError, match="does not see") as caught:
        _worker(gone).open()
    assert "share" in pickle.loads(pickle.dumps(caught.value)).expected


def test_ray_is_not_imported_unless_asked_for() -> None:
    check = "import sys, taskscope.studies.runner; assert 'ray' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True)


def test_without_ray_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RunError, match=r"taskscope\[ray\]"), cluster.cluster("ray"):
        pass


class Nodes:
    """Stands for the module `ray` where only its nodes are asked for."""

    def __init__(self, *resources: dict[str, float]) -> None:
        self._nodes = [{"Alive": True, "Resources": r} for r in resources]

    def nodes(self) -> list[dict]:
        return [*self._nodes, {"Alive": False, "Resources": {"CPU": 64.0}}]


@pytest.mark.parametrize(
    ("needs", "fit"),
    [(Needs(), 6), (Needs(gpus=0.5), 2), (Needs(gpus=1), 1), (Needs(cpus=3), 1)],
)
def test_places_for_workers(needs: Needs, fit: int) -> None:
    assert cluster.places(Nodes({"CPU": 2.0}, {"CPU": 4.0, "GPU": 1.0}), needs) == fit  # type: ignore[arg-type]


def test_no_place_for_a_worker_is_an_error() -> None:
    with pytest.raises(RunError, match="2 GPUs") as caught:
        cluster.places(Nodes({"CPU": 2.0, "GPU": 1.0}), Needs(gpus=2))  # type: ignore[arg-type]
    assert "2 CPUs, 1 GPUs" in caught.value.expected


class InProcess(Nodes):
    """Stands for the module `ray`: one worker, in this process, that answers at once."""

    exceptions = SimpleNamespace(RayTaskError=KeyError, RayError=OSError)

    def remote(self, actor: type) -> Any:
        def start(*arguments: Any) -> Any:
            made = actor(*pickle.loads(pickle.dumps(arguments)))
            return SimpleNamespace(open=_remote(made.open), measure=_remote(made.measure))

        return SimpleNamespace(options=lambda **_: SimpleNamespace(remote=start))

    def wait(self, due: list[Any], **_: Any) -> tuple[list[Any], list[Any]]:
        return due[:1], due[1:]

    def get(self, due: Any) -> Any:
        return due()

    def kill(self, actor: Any) -> None:
        pass


def _remote(method: Callable[..., Any]) -> Any:
    return SimpleNamespace(remote=lambda *arguments: lambda: method(*arguments))


def test_forgotten_cells_are_measured_again_and_the_new_ones_count(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = toy_plan("ab", 2)
    inline.run(plan, folder, toy_cells.load, on_event=lambda event: None)
    again = [plan[0].key, plan[3].key]
    folder.forget(again)
    ray = InProcess({"CPU": 1.0})
    monkeypatch.setattr(driver, "cluster", lambda engine: nullcontext(ray))
    outcome = driver.run(
        plan, folder, toy_cells.load, on_event=lambda event: None, engine="ray", work=toy_cells.WORK
    )
    assert (outcome.measured, outcome.skipped, outcome.failures) == (2, 2, ())
    assert all(folder.has(cell.key) for cell in plan)
    for known in (folder, RunFolder.open(folder.path)):
        assert {r.key for r in known.cells() if r.provenance["engine"] == "ray"} == set(again)
