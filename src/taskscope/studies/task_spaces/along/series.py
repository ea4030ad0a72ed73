"""Which of the measured models stand in a series, and their maps on the tasks that all of them know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.stats import rankdata

from taskscope.stats.matrices import off_diagonal, pairwise_rest
from taskscope.studies.columns import where
from taskscope.studies.task_spaces.rows import SIZE
from taskscope.studies.task_spaces.spaces import Space
from taskscope.studies.task_spaces.statistics import FEWEST_TASKS, NULLS

Array = np.ndarray
FEWEST_MODELS = 3
SIZES, TRAINING = "size", "training"


@dataclass(frozen=True)
class Series:
    """Maps of models that differ in size or in training alone, in that order."""

    name: str
    kind: str
    """`SIZES` or `TRAINING`."""
    models: tuple[str, ...]
    at: Array
    """(model,) weights without embeddings, or tokens read."""
    tasks: tuple[str, ...]
    groups: Array
    """(task,) number of each task's phenomenon."""
    drawn: str
    """What all maps are drawn from."""
    effects: Array
    """(model, half, tuned, judged), compressed and in units of what tuning does to its own task."""
    own: Array
    """(model, task) what tuning does to its own task, standard deviations."""
    nulls: tuple[Array, ...]
    """(model, task, task) each: likeness by words, and of gradients before any training."""
    above: Array
    """(model, task) share of weights whose gradient is above the fixed threshold."""
    holding: Array
    """(model, task) share of weights that hold 90 % of the squared gradient."""

    @property
    def n(self) -> int:
        """Tasks."""
        return len(self.tasks)


def all_series(rows: pa.Table, spaces: Sequence[Space]) -> list[Series]:
    """Find every series of three models or more, by size and by training, in sorted order."""
    sizes = where(rows, part=SIZE).to_pylist()
    place = {row["model"]: row for row in sizes}
    known = [space for space in spaces if space.model in place]
    found = []
    for kind, key, at, keep in _KINDS:
        for name in sorted({key(place[space.model]) for space in known}):
            mine = [
                (at(row), space) for space in known if key(row := place[space.model]) == name and keep(row)
            ]
            members = {position: space for position, space in mine if position is not None}
            one = _series(name, kind, members, sizes) if len(members) >= FEWEST_MODELS else None
            if one is not None:
                found.append(one)
    return found


_Row = dict[str, object]
_KINDS: tuple[
    tuple[str, Callable[[_Row], str], Callable[[_Row], float | None], Callable[[_Row], bool]], ...
] = (
    (SIZES, lambda row: str(row["family"]), lambda row: row["parameters"], lambda row: bool(row["finished"])),  # type: ignore[return-value]
    (TRAINING, lambda row: str(row["member"]), lambda row: row["tokens"], lambda row: True),  # type: ignore[return-value]
)


def _series(
    name: str, kind: str, members: dict[float, Space], sizes: list[dict[str, object]]
) -> Series | None:
    """Put maps side by side; None where they share too few tasks or are not drawn from the same."""
    at = np.array(sorted(members))
    spaces = [members[each] for each in at]
    first = spaces[0]
    tasks = tuple(task for task in first.tasks if all(task in space.tasks for space in spaces))
    if len(tasks) < FEWEST_TASKS or len({space.drawn for space in spaces}) > 1:
        return None
    keep = [np.array([space.tasks.index(task) for task in tasks]) for space in spaces]
    raw = np.stack([np.arcsinh(s.effects(s.drawn)[:, k][:, :, k]) for s, k in zip(spaces, keep, strict=True)])
    own = np.diagonal(raw.mean(axis=1), axis1=1, axis2=2)
    # A model in which tuning does more to its own task does more to others too, whatever they share.
    scaled = raw / np.maximum(own.mean(axis=1), 1e-9)[:, None, None, None]
    likeness = [
        np.stack([s.likeness[null][np.ix_(k, k)] for s, k in zip(spaces, keep, strict=True)])
        for null in NULLS
    ]
    models = tuple(space.model for space in spaces)
    return Series(
        name=name,
        kind=kind,
        models=models,
        at=at,
        tasks=tasks,
        groups=first.groups[keep[0]],
        drawn=first.drawn,
        effects=scaled,
        own=own,
        nulls=tuple(likeness),
        above=_by_task(sizes, "above", models, tasks),
        holding=_by_task(sizes, "holding", models, tasks),
    )


def _by_task(
    sizes: list[dict[str, object]], column: str, models: tuple[str, ...], tasks: tuple[str, ...]
) -> Array:
    found = np.zeros((len(models), len(tasks)))
    count = np.zeros_like(found)
    for row in sizes:
        if row["model"] in models and row["judged"] in tasks:
            cell = models.index(str(row["model"])), tasks.index(str(row["judged"]))
            found[cell] += float(row[column])  # type: ignore[arg-type]
            count[cell] += 1
    return found / np.maximum(count, 1)


def likeness(a: Array, b: Array, keep: Array, ranks: bool = False) -> float:
    """Correlate two maps drawn from different halves of the pairs, rows and columns taken out.

    Args:
        a: (half, tuned, judged), two halves.
        b: The same of another model; chance in the pairs is not shared, for halves are crossed.
        keep: Tasks to count.
        ranks: Spearman's correlation instead of Pearson's.
    """
    off, found = off_diagonal(len(keep)), []
    for first, second in ((a[0], b[1]), (a[1], b[0])):
        x, y = (pairwise_rest(each[np.ix_(keep, keep)])[off] for each in (first, second))
        if ranks:
            x, y = (rankdata(each) - (len(each) + 1) / 2 for each in (x, y))
        spread = x.std() * y.std()
        found.append(float((x * y).mean() / spread) if spread > 1e-12 else 0.0)
    return float(np.mean(found))
