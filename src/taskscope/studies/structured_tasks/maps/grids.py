"""Scores of every response map, read from the rows of map cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.stats.classification import confusion_by_unit, macro_f1_of_counts
from taskscope.studies.columns import coded, models_and_tasks, where
from taskscope.studies.structured_tasks.maps.rows import COVARIATES, FACTS, PART, WITHHELD


@dataclass(frozen=True)
class Kind:
    """All maps of one kind; every array has a row per map, all seeds together."""

    name: str
    f1: dict[str, np.ndarray]
    """Arm -> (map,) macro-F1; of `rows.WITHHELD`, where one class at a time is asked, the share right."""
    halves: dict[str, np.ndarray]
    """Arm -> (map, 2) macro-F1 on every other draw of demonstrations, for reliability."""
    covariates: np.ndarray
    """(map, covariate) as in `rows.COVARIATES`."""
    images: list[tuple[str, ...]]
    tokens: np.ndarray
    """(map,) mean number of tokens of an image."""
    missing: dict[str, float]
    """Arm -> share of queries whose class was not among the demonstrations (P4)."""


@dataclass(frozen=True)
class MapGrid:
    """One task of one model."""

    model: str
    task: str
    n_classes: int
    kinds: dict[str, Kind]

    @property
    def guessing(self) -> float:
        """Macro-F1 of uniform guessing; queries hold every class equally often."""
        return 1 / self.n_classes


def grids(rows: pa.Table) -> dict[str, list[MapGrid]]:
    """Read all map rows: model -> its tasks, both in sorted order."""
    if "arm" not in rows.column_names:
        return {}
    answers, facts = where(rows, part=PART), where(rows, part=FACTS)
    found: dict[str, list[MapGrid]] = {}
    for model, task in models_and_tasks(answers):
        own = [where(table, model=model, task=task) for table in (answers, facts)]
        found.setdefault(model, []).append(_grid(model, task, *own))
    return found


def _grid(model: str, task: str, answers: pa.Table, facts: pa.Table) -> MapGrid:
    n_classes = answers["n_classes"][0].as_py()
    kinds = dict.fromkeys(facts["kind"].to_pylist())
    read = {kind: _kind(kind, where(answers, kind=kind), where(facts, kind=kind)) for kind in kinds}
    return MapGrid(model, task, n_classes, read)


def _kind(name: str, answers: pa.Table, facts: pa.Table) -> Kind:
    n_classes = answers["n_classes"][0].as_py()
    seeds = np.unique(facts["seed"].to_numpy())
    per_seed = int(facts["map"].to_numpy().max()) + 1  # as many maps under every seed
    order = np.argsort(np.searchsorted(seeds, facts["seed"]) * per_seed + facts["map"].to_numpy())
    facts = facts.take(order)
    arms, arm = coded(answers["arm"])
    column = {c: answers[c].to_numpy() for c in ("seed", "map", "set", "gold", "predicted", "missing")}
    unit = np.searchsorted(seeds, column["seed"]) * per_seed + column["map"]
    n_units = facts.num_rows
    f1, halves, missing = {}, {}, {}
    for code in dict.fromkeys(arm.tolist()):
        each, keep = arms[code], arm == code
        counts = confusion_by_unit(
            column["gold"][keep],
            column["predicted"][keep],
            2 * unit[keep] + column["set"][keep] % 2,
            2 * n_units,
            n_classes,
        ).reshape(n_units, 2, n_classes, n_classes)
        score = _share_right if each == WITHHELD else macro_f1_of_counts
        f1[each], halves[each] = score(counts.sum(axis=1)), score(counts)
        missing[each] = float(column["missing"][keep].mean())
    return Kind(
        name,
        f1,
        halves,
        np.column_stack([facts[c].to_numpy() for c in COVARIATES]),
        [tuple(images) for images in facts["images"].to_pylist()],
        facts["tokens"].to_numpy(),
        missing,
    )


def _share_right(counts: np.ndarray) -> np.ndarray:
    """Return the share of right answers, (...,), from counts (..., true class, answered class)."""
    hits = np.trace(counts, axis1=-2, axis2=-1)
    return hits / np.maximum(counts.sum(axis=(-2, -1)), 1)
