"""The quick-start notebook, and the Python of README and docs/python.md: executed from top to bottom."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """One folder for all, so that what one has measured the others find."""
    return tmp_path_factory.mktemp("notebook")


def shown(source: str, names: dict[str, Any]) -> Any:
    """Execute a cell and return what a notebook would show: the value of a last expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)


def cells() -> list[str]:
    notebook = json.loads((ROOT / "docs" / "quick_start.ipynb").read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert not any(cell.get("outputs") for cell in notebook["cells"])
    return [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]


def blocks(path: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / path).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    values = [shown(cell, names) for cell in cells()]
    assert values[0]._repr_html_().count('<article class="finding') == len(values[0].findings) > 0
    assert "layer" in values[1].to_dict(validate=False) and values[1].title == "Where the vector works"
    assert {"condition", "correct_mean", "correct_count"} <= set(values[2][0])
    told = {quantity: word for quantity, _, word in values[3]}
    assert told["right with one vector"] == "lower"


@pytest.mark.slow
@pytest.mark.parametrize("path", ["docs/python.md", "README.md"])
def test_every_block_of_python_in_the_docs_runs(folder: Path, path: str, monkeypatch, capsys) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    found = blocks(path)
    assert found
    for block in found:
        shown(block, names)
    assert names["result"].findings
