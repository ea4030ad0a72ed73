"""Which calls were answered right, read from the rows of nested cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.studies.columns import where
from taskscope.studies.structured_tasks.nested.rows import NEST, PART
from taskscope.tasks.nested.draws import APART, SHOWN
from taskscope.tasks.nested.names import steps


@dataclass(frozen=True)
class NestedGrid:
    """One composition of one model; draws of all seeds in a row, every array bool."""

    composition: str
    alone: np.ndarray
    """(draw, query, task): the call of this task alone is answered right, innermost first."""
    nested: np.ndarray
    """(draw, query): so is the nested call, which nobody showed."""
    shown: np.ndarray
    """(draw, query): the same where nested calls are demonstrated."""
    stops: np.ndarray
    """(draw, query): the nested call gets the answer of an inner call."""
    skips: np.ndarray
    """(draw, query): it gets the answer of a call that leaves an inner one out."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """Tasks, innermost first."""
        return steps(self.composition)

    @property
    def n_draws(self) -> int:
        """Draws of demonstrations, the unit of analysis."""
        return len(self.nested)


def grids(rows: pa.Table) -> dict[str, list[NestedGrid]]:
    """Read all nested rows: model -> its compositions, less deep ones first."""
    if "composition" not in rows.column_names:
        return {}
    mine = where(rows, part=PART).unify_dictionaries()
    pairs = mine.select(["model", "composition", "depth"]).group_by(["model", "composition", "depth"])
    found: dict[str, list[NestedGrid]] = {}
    for pair in sorted(
        pairs.aggregate([]).to_pylist(), key=lambda p: (p["model"], p["depth"], p["composition"])
    ):
        own = where(mine, model=pair["model"], composition=pair["composition"])
        found.setdefault(pair["model"], []).append(_grid(pair["composition"], pair["depth"], own))
    return found


def _grid(name: str, depth: int, rows: pa.Table) -> NestedGrid:
    column = {each: rows[each].to_numpy() for each in ("seed", "repetition", "query", "step")}
    seeds, seed = np.unique(column["seed"], return_inverse=True)
    per_seed, n_queries = (int(column[each].max()) + 1 for each in ("repetition", "query"))
    unit = seed * per_seed + column["repetition"]
    apart = np.array([condition == APART for condition in rows["condition"].to_pylist()])

    def laid(what: str, condition: str, step: int) -> np.ndarray:
        keep = (column["step"] == step) & (apart == (condition == APART))
        values = np.zeros((len(seeds) * per_seed, n_queries), dtype=bool)
        values[unit[keep], column["query"][keep]] = np.array(rows[what].to_pylist())[keep]
        return values

    return NestedGrid(
        composition=name,
        alone=np.stack([laid("right", APART, step) for step in range(1, depth + 1)], axis=-1),
        nested=laid("right", APART, NEST),
        shown=laid("right", SHOWN, NEST),
        stops=laid("stops", APART, NEST),
        skips=laid("skips", APART, NEST),
    )
