"""The rows of a pair: one per draw, condition, query and what is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.models.series import Place
from taskscope.studies.columns import coded, where
from taskscope.studies.skill_emergence.pairs.names import TAUGHT

Array = np.ndarray

PAIRS = "pairs"
"""What the column `part` says."""
APART, TOGETHER = "skills shown apart", "pairs shown too"
FIRST, SECOND, BOTH, OUTER = "first", "second", "both", "second of the input"
"""What is asked: the skill that is used first; the other, of the first's right answer; both; the other of
the first's input, which skips the first."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", pa.string()),
        ("pair", _TEXT),
        ("parameters", pa.float64()),
        ("pretraining_tokens", pa.float64()),  # null where nobody says
        ("shown", _TEXT),  # APART or TOGETHER
        ("repetition", pa.int32()),  # number of the draw of demonstrations
        ("query", pa.int32()),
        ("asked", _TEXT),
        ("input", pa.string()),
        ("answer", pa.string()),  # the first accepted answer
        ("right", pa.bool_()),  # the whole answer and its line end are what the model says
        ("whole", pa.bool_()),  # the model says what both skills give, whatever was asked
        ("logprob", pa.float64()),  # log p of the first accepted answer with its line end, nats
    ]
)


@dataclass(frozen=True)
class PairGrid:
    """One pair asked of one model; draws of all seeds in a row, arrays bool (draw, query)."""

    pair: str
    first: Array
    second: Array
    both: Array
    """Asked together after demonstrations of each alone."""
    together: Array
    """The same where pairs are demonstrated."""
    first_alone: Array
    """Asked for the first skill alone, the model gives the answer of both."""
    second_alone: Array
    """Asked for the second skill alone, the model gives the answer of both."""

    @property
    def in_training(self) -> bool:
        """Whether the pair is in the built-in models' training texts, whichever model is asked."""
        return self.pair in TAUGHT

    @property
    def n_draws(self) -> int:
        """Draws of demonstrations, the unit of analysis."""
        return len(self.both)


@dataclass(frozen=True)
class ModelGrids:
    """All pairs of one model, and where it stands in its series."""

    model: str
    parameters: float
    tokens: float | None
    pairs: tuple[PairGrid, ...]


def to_rows(pair: str, place: Place, asked: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Lay out what was asked of a pair.

    Args:
        pair: Its name.
        place: Where the model stands.
        asked: One mapping per row, from every other column of the schema to its value.
    """
    same = {
        "part": PAIRS,
        "pair": pair,
        "parameters": float(place.parameters),
        "pretraining_tokens": place.tokens and float(place.tokens),
    }
    return pa.Table.from_pylist([{**same, **one} for one in asked], schema=SCHEMA)


def grids(rows: pa.Table) -> list[ModelGrids]:
    """Read all pairs, models from small to large and early to late."""
    if "pair" not in rows.column_names:
        return []
    mine = where(rows, part=PAIRS).unify_dictionaries()
    named = ["model", "parameters", "pretraining_tokens"]
    units = mine.select([*named, "pair"]).group_by([*named, "pair"]).aggregate([]).to_pylist()
    by_model: dict[tuple[Any, ...], list[str]] = {}
    for unit in units:
        by_model.setdefault(tuple(unit[name] for name in named), []).append(unit["pair"])
    found = []
    for model, parameters, tokens in sorted(by_model, key=lambda m: (m[1], m[2] or 0.0, m[0])):
        own = where(mine, model=model)
        pairs = (_grid(pair, where(own, pair=pair)) for pair in sorted(by_model[model, parameters, tokens]))
        found.append(ModelGrids(model, parameters, tokens, tuple(pairs)))
    return found


def _grid(pair: str, rows: pa.Table) -> PairGrid:
    column = {name: rows[name].to_numpy() for name in ("seed", "repetition", "query", "right", "whole")}
    text = {name: coded(rows[name]) for name in ("shown", "asked")}
    seeds, seed = np.unique(column["seed"], return_inverse=True)
    per_seed, n_queries = (int(column[each].max()) + 1 for each in ("repetition", "query"))
    unit = seed * per_seed + column["repetition"]

    def laid(what: str, asked: str, shown: str = APART) -> Array:
        keep = _is(text["asked"], asked) & _is(text["shown"], shown)
        values = np.zeros((len(seeds) * per_seed, n_queries), dtype=bool)
        values[unit[keep], column["query"][keep]] = column[what][keep]
        return values

    return PairGrid(
        pair,
        first=laid("right", FIRST),
        second=laid("right", SECOND),
        both=laid("right", BOTH),
        together=laid("right", BOTH, TOGETHER),
        first_alone=laid("whole", FIRST),
        second_alone=laid("whole", OUTER),
    )


def _is(column: tuple[list[str], Array], name: str) -> Array:
    """Tell which rows of a coded column say a name, (row,) bool."""
    names, numbers = column
    return numbers == (names.index(name) if name in names else -1)
