"""Minimal pairs: a good and a bad sentence that differ in one point of grammar, as in BLiMP.

A paradigm is one file of pairs (``adjunct_island.jsonl``); paradigms are grouped in twelve phenomena.  Three
irregularities of the published files are put right here (protocol task_spaces 4.1): a thirteenth label
belongs to one of the twelve phenomena, the field of linguistics has several spellings, and in a few pairs
both sentences are the same, so that no model can be right or wrong about them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from taskscope.errors import TaskError, nearest

PHENOMENA: dict[str, str] = {
    "anaphor_agreement": "A-AGR",
    "argument_structure": "ARG-S",
    "binding": "BIND",
    "control_raising": "CON-R",
    "determiner_noun_agreement": "DN-AGR",
    "ellipsis": "ELLIP",
    "filler_gap_dependency": "FG-DEP",
    "irregular_forms": "IRR-F",
    "island_effects": "ISL-E",
    "npi_licensing": "NPI-L",
    "quantifiers": "QUANT",
    "subject_verb_agreement": "SV-AGR",
}
"""The twelve phenomena with their short names, in the order in which they are listed."""

FIELDS = ("morphology", "syntax", "semantics", "syntax-semantics")
"""Fields of linguistics in one spelling each."""

_ALIASES = {"s-selection": "argument_structure"}
_METHODS: dict[str, Method] = {
    "simple_LM_method": "simple",
    "one_prefix_method": "one-prefix",
    "two_prefix_method": "two-prefix",
}

Method = Literal["simple", "one-prefix", "two-prefix"]
"""How a pair may be compared: whole sentences, one prefix with two words, or two prefixes with one word."""


class MinimalPair(BaseModel):
    """Two sentences of which people accept the first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    """Unique within the paradigm."""
    good: str
    bad: str

    @property
    def is_identical(self) -> bool:
        """True where both sentences are the same: scored one half, and no use for training."""
        return self.good == self.bad


class Paradigm(BaseModel):
    """One contrast of grammar with its pairs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    phenomenon: str
    """One of `PHENOMENA`."""
    field: str
    """One of `FIELDS`."""
    methods: frozenset[Method]
    """Comparisons that its authors allow; whole sentences are allowed in every published paradigm."""
    lexically_identical: bool
    """True where both sentences are made of the same words."""
    pairs: tuple[MinimalPair, ...]


def load_folder(folder: str | Path) -> tuple[Paradigm, ...]:
    """Read every .jsonl file of a folder, sorted by phenomenon and then by name.

    Raises:
        TaskError: If there is no such file, two files hold the same paradigm, or one cannot be read.
    """
    folder = Path(folder)
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise TaskError(
            f"{str(folder)!r} holds no .jsonl file.", "a folder of BLiMP's data: one file for each paradigm"
        )
    paradigms: dict[str, Paradigm] = {}
    for file in files:
        paradigm = load_file(file)
        if paradigm.name in paradigms:
            raise TaskError(
                f"{file}: paradigm {paradigm.name!r} stands in another file too.", "each paradigm once"
            )
        paradigms[paradigm.name] = paradigm
    order = list(PHENOMENA)
    return tuple(sorted(paradigms.values(), key=lambda p: (order.index(p.phenomenon), p.name)))


def load_file(path: str | Path) -> Paradigm:
    """Read one paradigm in the form in which BLiMP is published, one JSON object a line.

    Raises:
        TaskError: If the file cannot be used; the message names file and line.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        beside = sorted(p.name for p in path.parent.glob("*.jsonl"))
        raise TaskError(
            f"There is no file {str(path)!r}.", "a .jsonl file", nearest(path.name, beside)
        ) from None
    except UnicodeDecodeError:
        raise TaskError(f"{path} is not UTF-8.", "a text file in UTF-8") from None
    rows = [
        (number, _row(line, f"{path}, line {number}")) for number, line in enumerate(lines, 1) if line.strip()
    ]
    if not rows:
        raise TaskError(f"{path} is empty.", "at least one pair")
    head = _head(rows[0][1], f"{path}, line {rows[0][0]}")
    pairs: dict[int, MinimalPair] = {}
    for number, row in rows:
        where = f"{path}, line {number}"
        if _head(row, where) != head:
            raise TaskError(
                f"{where}: this pair belongs to another paradigm than the first.", "one paradigm a file"
            )
        pair = _pair(row, where)
        if pair.number in pairs:
            raise TaskError(f"{where}: pair {pair.number} stands in the file already.", "each pairID once")
        pairs[pair.number] = pair
    return Paradigm(**head, pairs=tuple(pairs.values()))


def credit(good: np.ndarray, bad: np.ndarray, pairs: Sequence[MinimalPair]) -> np.ndarray:
    """Say how right a model is on each pair: 1 if the good sentence is likelier, 0 if not, 0.5 if identical.

    Args:
        good: Log-probabilities of the good sentences, (pair,).
        bad: Of the bad ones, (pair,).
        pairs: The pairs, in the same order.

    Returns:
        float64 (pair,).
    """
    identical = np.array([pair.is_identical for pair in pairs], dtype=bool)
    return np.where(identical, 0.5, np.asarray(good) > np.asarray(bad)).astype(float)


def _row(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise TaskError(
            f"{where}: this is not JSON ({error.msg}, column {error.colno}).", "an object a line"
        ) from None
    if not isinstance(row, dict):
        raise TaskError(f"{where}: {line[:40]!r} is not a JSON object.", "an object a line")
    return row


def _head(row: dict[str, Any], where: str) -> dict[str, Any]:
    """Return what is the same for all pairs of a paradigm."""
    raw = _text(row, "linguistics_term", where)
    phenomenon = _ALIASES.get(raw, raw)
    field = _text(row, "field", where).replace("_", "-").replace("/", "-").lower()
    for value, known, key in ((phenomenon, PHENOMENA, "linguistics_term"), (field, FIELDS, "field")):
        if value not in known:
            raise TaskError(
                f"{where}: unknown {key} {value!r}.", f"one of {', '.join(known)}", nearest(value, known)
            )
    return {
        "name": _text(row, "UID", where),
        "phenomenon": phenomenon,
        "field": field,
        "methods": frozenset(method for key, method in _METHODS.items() if row.get(key)),
        "lexically_identical": bool(row.get("lexically_identical")),
    }


def _pair(row: dict[str, Any], where: str) -> MinimalPair:
    number = row.get("pairID")
    try:
        number = int(str(number))
    except ValueError:
        raise TaskError(f"{where}: pairID {number!r}.", "a whole number") from None
    return MinimalPair(
        number=number, good=_text(row, "sentence_good", where), bad=_text(row, "sentence_bad", where)
    )


def _text(row: dict[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise TaskError(f"{where}: the field {key!r} is missing or empty.", "a text", nearest(key, row))
    return value
