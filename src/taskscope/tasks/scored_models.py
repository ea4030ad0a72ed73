"""Sizes of models whose scores are at hand: published ones by name, a user's own from models.csv."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from taskscope.errors import TaskError, nearest
from taskscope.tasks.choice_records import records

SIZES_FILE = "models.csv"
"""Lies beside score files and gives the columns model, family, parameters and, if known, tokens."""
_UNITS = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?(?:e\+?\d+)?)\s*([kmbt]?)", re.IGNORECASE)


@dataclass(frozen=True)
class ScoredModel:
    """A model known by its scores alone."""

    name: str
    family: str
    """Models of one family differ in size alone."""
    parameters: float
    tokens: float | None
    """Training tokens; None where they were never told."""


def models_of(folder: Path) -> dict[str, ScoredModel]:
    """Return the models whose size is known in a folder: its own models.csv before the published ones.

    Raises:
        TaskError: If models.csv lacks a column, or a size is none.
    """
    return {**_published(), **_own(folder / SIZES_FILE)}


def find(name: str, known: Mapping[str, ScoredModel], folder: Path) -> ScoredModel:
    """Return the model that a score file is named after; an organisation in front does not matter.

    Raises:
        TaskError: If its size is not known.
    """
    short = name.rpartition("/")[2]
    model = known.get(name) or known.get(short) or known.get(short.lower())
    if model is None:
        raise TaskError(
            f"{folder}: the size of the model {name!r} is not known.",
            f"a file {SIZES_FILE} beside it with the columns model, family, parameters and tokens, such as "
            f"`{name},mine,1.3B,300B`",
            nearest(name, known),
        )
    return model


def number(text: Any) -> float | None:
    """Read a size such as ``1.3e9``, ``1.3B`` or ``350M``; None if it is none."""
    match = _SIZE.fullmatch(str(text).strip())
    if match is None:
        return None
    value = float(match[1]) * _UNITS[match[2].lower()]
    return value if value > 0 and math.isfinite(value) else None


@cache
def _published() -> dict[str, ScoredModel]:
    text = files("taskscope.tasks").joinpath("data", "model_sizes.json").read_text(encoding="utf-8")
    return {
        name: ScoredModel(name, family["family"], parameters, family["tokens"])
        for family in json.loads(text)["families"]
        for name, parameters in family["models"].items()
    }


def _own(path: Path) -> dict[str, ScoredModel]:
    if not path.is_file():
        return {}
    found: dict[str, ScoredModel] = {}
    for record in records(path):
        name, family = (str(record.fields.get(key) or "").strip() for key in ("model", "family"))
        parameters, told = number(record.fields.get("parameters")), record.fields.get("tokens")
        tokens = number(told) if told else None
        if not name or not family or parameters is None or (told and tokens is None):
            raise TaskError(
                f"{path}, line {record.line}: {', '.join(map(str, record.fields.values()))}.",
                "columns model, family, parameters and tokens, which may be empty; sizes as 1.3e9 or 1.3B",
            )
        found[name] = ScoredModel(name, family, parameters, tokens)
    return found
