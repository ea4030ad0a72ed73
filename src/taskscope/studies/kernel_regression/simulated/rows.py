"""The rows of a simulated experiment: long, one number each, so that one schema holds them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

SCHEMA = pa.schema(
    [
        ("experiment", pa.string()),  # "S1" ... "S7", as the protocol numbers them, or "triangle"
        ("setting", pa.string()),  # the world: "peaked", "leak 0.1"
        ("method", pa.string()),  # the kernel or learner; "" for a number that belongs to the world
        ("n", pa.int32()),  # demonstrations; 0 where a number depends on none
        ("repeat", pa.int32()),
        ("metric", pa.string()),
        ("value", pa.float64()),
    ]
)


class RowWriter:
    """Collects the rows of one experiment."""

    def __init__(self, experiment: str) -> None:
        self._experiment = experiment
        self._tables: list[pa.Table] = []

    def add(self, setting: str, method: str, metric: str, values: ArrayLike, sizes: Sequence[int]) -> None:
        """Add the values (size, repeat) of a curve over numbers of demonstrations.

        Raises:
            ValueError: If there is not one row of values for each size.
        """
        table = np.asarray(values, float)
        if table.ndim != 2 or len(table) != len(sizes):
            raise ValueError(f"values of shape {table.shape} for {len(sizes)} sizes")
        n, repeats = table.size, table.shape[1]
        texts = {"experiment": self._experiment, "setting": setting, "method": method, "metric": metric}
        columns = {name: pa.repeat(pa.scalar(text), n) for name, text in texts.items()}
        columns["n"] = pa.array(np.repeat(sizes, repeats), pa.int32())
        columns["repeat"] = pa.array(np.tile(np.arange(repeats), len(sizes)), pa.int32())
        columns["value"] = pa.array(table.ravel())
        self._tables.append(pa.table({name: columns[name] for name in SCHEMA.names}, schema=SCHEMA))

    def fact(self, setting: str, method: str, metric: str, value: float) -> None:
        """Add one number that depends on no demonstrations."""
        self.add(setting, method, metric, [[value]], [0])

    def table(self) -> pa.Table:
        """Return everything added."""
        return pa.concat_tables([SCHEMA.empty_table(), *self._tables]).combine_chunks()


@dataclass(frozen=True)
class Curve:
    """One metric of one method in one setting."""

    sizes: np.ndarray
    """(size,) demonstrations, ascending."""
    values: np.ndarray
    """(seed, size), or (repeat, size) as `repeated` reads them; NaN where a seed has no such row."""

    @property
    def mean(self) -> np.ndarray:
        """(size,) mean over seeds."""
        return np.nanmean(self.values, axis=0)


Curves = dict[tuple[str, str, str], Curve]
"""By (setting, method, metric), in the order of the rows."""


def curves(rows: pa.Table, experiment: str) -> Curves:
    """Read every curve of an experiment, its repeats averaged; empty where no cell measured it.

    Args:
        rows: Rows of all cells with the columns of the run folder in front; `seed` is one of them.
        experiment: Number: ``S1``.
    """
    if "experiment" not in rows.column_names:
        return {}
    mine = rows.filter(pc.equal(rows["experiment"], experiment))  # type: ignore[attr-defined]
    if mine.num_rows == 0:
        return {}
    by = ["setting", "method", "metric", "seed", "n"]
    means = mine.group_by(by, use_threads=False).aggregate([("value", "mean")])
    groups: dict[tuple[str, str, str], list[tuple[int, int, float]]] = {}
    for setting, method, metric, seed, n, value in zip(
        *(means[name].to_pylist() for name in [*by, "value_mean"]), strict=True
    ):
        groups.setdefault((setting, method, metric), []).append((seed, n, value))
    return {name: _curve(points) for name, points in groups.items()}


def _curve(points: Sequence[tuple[int, int, float]]) -> Curve:
    seeds, at_seed = np.unique([seed for seed, _, _ in points], return_inverse=True)
    sizes, at_size = np.unique([n for _, n, _ in points], return_inverse=True)
    values = np.full((len(seeds), len(sizes)), np.nan)
    values[at_seed, at_size] = [value for _, _, value in points]
    return Curve(sizes, values)
