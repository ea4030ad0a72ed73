"""Another package's task and study: found through entry points, run like the built-in ones."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import taskscope
from taskscope.cli.console import OK
from taskscope.cli.main import app
from taskscope.errors import TaskError
from taskscope.plugins import PluginError
from taskscope.studies.registry import accounts, built_in, registry
from taskscope.tasks import choice_registry, classification_registry
from taskscope.tasks import registry as mapping_registry

TASKS = """
from taskscope.tasks.classification import ClassificationTask, Text
from taskscope.tasks.task import Item, MappingTask

def colours():
    items = tuple(Item(input=f"thing {n}", answers=(f"colour {n}",)) for n in range(8))
    return MappingTask(name="x", title="Colours", group="user", description="", items=items, source="a book")

def moods():
    texts = [Text(text=f"text {n}", label=n % 2) for n in range(8)]
    return ClassificationTask(name="moods", title="Moods", description="", classes=("a", "b"),
                              labels=("good", "bad"), text_field="text",
                              label_field="mood", pool=tuple(texts[:4]), test=tuple(texts[4:]),
                              source="mine")
"""
STUDY = """
import pyarrow as pa
from taskscope.report.findings import Account, Claim, Finding, Verdict
from taskscope.runs.cell import Cell, Cost, Measured
from taskscope.studies.base import Params


class CoinParams(Params):
    n: int = 20


class Coins:
    name, version, planted, compares, Params = "coins", 1, (), False, CoinParams
    account = Account(
        name="coins", title="Coins", papers=("Nobody 2020",), question="Is a coin fair?",
        says="It is.", measured="Throws.", how_to_read="", claims=(
            Claim(number="K1", title="A coin is fair", statement="A coin is fair."),))

    def profile(self, name):
        return CoinParams(n=10 if name == "smoke" else 20)

    def plan(self, params, models):
        return [Cell(study="coins", study_version=1, params=params.model_dump(), model=None, tasks=(), seed=0,
                     measure="coin_package.study:measure", cost=Cost(tokens=0, token_layers=0))]

    def analyse(self, rows, params):
        share = sum(rows["head"].to_pylist()) / rows.num_rows
        return [Finding(study="coins", claim="K1", title="A coin is fair", model="theory",
                        statement="So it is.", quantity="share of heads", estimate=share, interval=None,
                        n=rows.num_rows, unit="throws", verdict=Verdict.INCONCLUSIVE,
                        reason="There is no control.")]

    def figures(self, rows, findings, params):
        return []

    def tables(self, rows, findings, params):
        return []


COINS = Coins()


def measure(cell, model):
    return Measured(pa.table({"head": cell.rng("throws").integers(2, size=cell.params["n"])}))
"""
ENTRIES = """
[taskscope.tasks]
colours = coin_package.tasks:colours
moods = coin_package.tasks:moods

[taskscope.studies]
coins = coin_package.study:COINS
"""


def install(folder: Path, entries: str, package: str = "coin_package") -> None:
    """Lay a package out as an installer would: the modules and the dist-info folder beside them."""
    home = folder / package
    home.mkdir()
    for name, text in (("__init__", ""), ("tasks", TASKS), ("study", STUDY)):
        (home / f"{name}.py").write_text(text, encoding="utf-8")
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text(entries, encoding="utf-8")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    install(tmp_path, ENTRIES)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("coin_package")]:
        del sys.modules[name]


def test_tasks_are_found_by_name_and_found_again_from_a_cell(package: Path) -> None:
    task = mapping_registry.get("colours")
    assert task.name == "colours" and len(task.items) == 8
    assert mapping_registry.resolve(mapping_registry.ref(task)) == task
    texts = classification_registry.get("moods")
    assert classification_registry.resolve(classification_registry.ref(texts)) == texts
    with pytest.raises(TaskError) as caught:
        mapping_registry.get("colour")
    assert "colours" in caught.value.hint
    with pytest.raises(TaskError):  # of another kind
        choice_registry.get("moods")


def test_a_study_runs_and_has_its_row_on_the_page(package: Path, tmp_path: Path) -> None:
    assert "coins" in registry() and "coins" not in built_in()
    assert accounts()[-1].name == "coins" and len(accounts()) == 7
    result = taskscope.run("coins", profile="smoke", out=tmp_path / "run")
    assert [finding.claim for finding in result.findings] == ["K1"] and result.rows.num_rows == 10
    page = result.write_page().read_text(encoding="utf-8")
    assert "Is a coin fair?" in page and "Seven published accounts" in page


def test_lists_name_them(package: Path) -> None:
    def listed(what: str) -> list[dict]:
        done = CliRunner().invoke(app, ["list", what, "--json"])
        assert done.exit_code == OK, done.output
        return json.loads(done.output)

    assert "coins" in {row["study"] for row in listed("studies")}
    assert {"colours", "moods"} <= {row["task"] for row in listed("tasks")}


@pytest.mark.parametrize(
    ("entries", "given"),
    [
        ("[taskscope.studies]\ncoins = coin_package.nothing:COINS\n", "cannot be loaded"),
        ("[taskscope.studies]\ncoins = coin_package.tasks:moods\n", "lacks name"),
        ("[taskscope.studies]\nheads = coin_package.study:COINS\n", "has another name"),
        ("[taskscope.studies]\ntask-vectors = coin_package.study:COINS\n", "is taken"),
    ],
)
def test_a_broken_study_is_left_out_with_a_warning(package: Path, entries: str, given: str) -> None:
    (package / "coin_package-1.0.dist-info" / "entry_points.txt").write_text(entries, encoding="utf-8")
    with pytest.warns(UserWarning, match=given):
        assert set(registry()) == set(built_in())


def test_two_packages_of_one_name_and_a_broken_task_are_named(package: Path) -> None:
    install(package, "[taskscope.tasks]\ncolours = other.tasks:colours\nlost = other.none:x\n", "other")
    with pytest.raises(PluginError, match=r"coin_package and other|other and coin_package"):
        mapping_registry.get("colours")
    with pytest.raises(PluginError, match="'lost' of the package other cannot be loaded"):
        mapping_registry.get("lost")
