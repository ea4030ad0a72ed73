"""The picture in docs/architecture.md, checked from the imports: downward only, torch on two floors."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "taskscope"

BELOW = {
    "cli": {
        "look",
        "studies",
        "models",
        "tasks",
        "stats",
        "theory",
        "engines",
        "runs",
        "report",
        "pico",
        "training",
    },
    "look": {"models", "tasks", "stats", "report", "runs", "pico"},
    "training": {"studies", "models", "tasks", "stats", "theory", "engines", "runs", "report", "pico"},
    "studies": {"models", "tasks", "stats", "theory", "engines", "runs", "report", "pico"},
    "models": {"engines", "runs", "report", "pico"},
    "tasks": {"engines", "runs", "report", "pico"},
    "theory": {"report"},
    "stats": {"report"},
    "engines": {"runs", "report", "pico"},
    "runs": {"report", "pico"},
    "report": {"pico"},
    "pico": set(),
}
"""Rooms that each room may import; siblings of one floor are absent from each other's sets."""

TORCH_ROOMS = {"models", "training"}
HEAVY = {"torch", "transformers"}


def imports(path: Path) -> set[str]:
    """Dotted names imported anywhere in a file, type-checking blocks included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room(path: Path) -> str:
    """First folder under the package, empty for the files beside it."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def measures(path: Path) -> bool:
    """Whether a file is the measuring part of a study, which may use torch."""
    return room(path) == "studies" and path.name.startswith("measure")


FILES = sorted(PACKAGE.rglob("*.py"))
STUDIES = {p.parent.name for p in FILES if p.name == "study.py"}
IN_ROOMS = [p for p in FILES if room(p)]  # the files beside the rooms hold the lazy public API and the errors
TORCHLESS = [p for p in FILES if room(p) not in TORCH_ROOMS and not measures(p)]


def short(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", IN_ROOMS, ids=short)
def test_imports_go_downward(path: Path) -> None:
    here = room(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "taskscope" and len(parts) > 1 and parts[1] in BELOW and parts[1] != here:
            assert parts[1] in BELOW[here], f"{here} may not import {name}"


@pytest.mark.parametrize("path", [p for p in FILES if room(p) == "studies"], ids=short)
def test_no_study_reads_another(path: Path) -> None:
    """What two studies share stands beside them or a floor lower; their list alone names them all."""
    here = path.relative_to(PACKAGE).parts[1]
    others = STUDIES - {here}
    named = {name.split(".")[2] for name in imports(path) if name.startswith("taskscope.studies.")}
    assert here in ("registry.py", "catalogue.py") or not named & others


@pytest.mark.parametrize("path", TORCHLESS, ids=short)
def test_torch_stays_in_its_rooms(path: Path) -> None:
    heavy = {name for name in imports(path) if name.split(".")[0] in HEAVY}
    assert not heavy, f"{path.relative_to(PACKAGE)} imports {heavy}"


def test_every_room_of_the_picture_is_known() -> None:
    rooms = {p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert rooms <= set(BELOW), f"rooms without a floor: {rooms - set(BELOW)}"
