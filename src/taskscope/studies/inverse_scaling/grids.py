"""From rows to series of models, and for each task and arm a matrix of models by items."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskscope.studies.columns import coded
from taskscope.studies.inverse_scaling.arms import PUBLISHED, TASK

FLOPS, PARAMETERS, BODY, TOKENS = (
    "training FLOPs",
    "parameters",
    "parameters without embeddings",
    "training tokens",
)

BY_SIZE = " by size"
"""What follows a family's name in the name of its series."""
PLACE = ["family", "member", "parameters", "body_parameters", "tokens", "finished", "model"]
"""Columns that say where a model stands."""


@dataclass(frozen=True)
class Series:
    """Models that differ in one thing only, from the smallest or earliest on."""

    name: str
    """``pico by size``, ``pico-s over training``."""
    labels: tuple[str, ...]
    parameters: np.ndarray
    """(model,)"""
    body_parameters: np.ndarray
    """(model,), NaN where unknown."""
    tokens: np.ndarray
    """(model,), NaN where unknown."""
    over_training: bool

    @property
    def n(self) -> int:
        """Models."""
        return len(self.labels)

    @cached_property
    def axes(self) -> dict[str, np.ndarray]:
        """Every scale that all models have a place on, (model,), the one that trends are judged on first."""
        body = np.where(np.isfinite(self.body_parameters), self.body_parameters, self.parameters)
        flops = 6.0 * body * self.tokens
        if self.over_training:
            found = {TOKENS: self.tokens, FLOPS: flops}
        else:
            found = {FLOPS: flops, PARAMETERS: self.parameters, BODY: self.body_parameters}
        return {name: scale for name, scale in found.items() if np.isfinite(scale).all()}

    @property
    def axis(self) -> str:
        """Name of the scale that trends are judged on."""
        return next(iter(self.axes))

    @property
    def log_scale(self) -> np.ndarray:
        """Its decimal logarithm, (model,)."""
        return np.log10(self.axes[self.axis])


@dataclass(frozen=True)
class ArmGrid:
    """What models made of one arm of one task, on the items that each of them could be asked."""

    clusters: np.ndarray
    """(item,) number of what items made alike share; an item of its own where nobody knows."""
    cluster_names: tuple[str, ...]
    """Name of every number in `clusters`."""
    n_classes: np.ndarray
    """(item,)"""
    loss: np.ndarray
    """(model, item) nats."""
    correct: np.ndarray | None
    """(model, item) 0 or 1; None for a kind without right and wrong."""
    total: np.ndarray | None
    """(model, item) log of the probability on all classes; None where unknown."""
    answers: np.ndarray
    """(item,) index of the right class, -1 where only results are known."""
    logprobs: np.ndarray | None
    """(model, item, class) nats, minus infinity where an item has fewer classes; None where unknown."""
    named: np.ndarray | None
    """(model, item) index of the class that written reasoning names, -1 for none; None for other arms."""
    n_left_out: int
    """Items that some model of the series could not be asked (V20)."""

    @property
    def guessing(self) -> float | None:
        """Accuracy of guessing; None where nobody says how many classes there are."""
        return None if (self.n_classes < 1).any() else float((1 / self.n_classes).mean())

    @property
    def coverage(self) -> np.ndarray | None:
        """Share of probability on the listed classes, (model,)."""
        return None if self.total is None else np.exp(self.total).mean(axis=1)


@dataclass(frozen=True)
class TaskGrid:
    """One task on one series."""

    task: str
    metric: str
    cause: str
    models: np.ndarray
    """Places in the series of those models that were asked the task, (model,)."""
    arms: dict[str, ArmGrid]
    lost: tuple[str, ...] = ()
    """Arms of which no item could be asked of every model."""


@dataclass(frozen=True)
class SeriesGrid:
    """Everything measured on one series."""

    series: Series
    tasks: tuple[TaskGrid, ...]


def grids(rows: pa.Table) -> list[SeriesGrid]:
    """Find the series among the models of a run, and lay out their tasks.

    The finished models of a family are a series by size; the checkpoints of one model, with the model they
    became, are one over training. Longer ones come first.
    """
    asked = rows.filter(pc.not_equal(rows["arm"], PUBLISHED))  # type: ignore[attr-defined]
    if not asked.num_rows:
        return []
    table = _Rows(asked)
    places = list(enumerate(table.places))
    wanted: list[tuple[str, list[int], bool]] = []
    for family in sorted({place["family"] for _, place in places if place["finished"]}):
        own = [n for n, place in places if place["finished"] and place["family"] == family]
        wanted.append((family + BY_SIZE, own, False))
    for member in sorted({place["member"] for _, place in places if not place["finished"]}):
        own = [n for n, place in places if place["member"] == member]
        wanted.append((f"{member} over training", own, True))
    several = [one for one in wanted if len(one[1]) > 1] or wanted  # one model alone is no series
    return [_series(table, *one) for one in sorted(several, key=lambda one: -len(one[1]))]


@dataclass(frozen=True)
class Point:
    """One published mean of a whole model on a task."""

    family: str
    task: str
    parameters: float
    tokens: float | None
    accuracy: float | None
    loss: float | None

    def along(self, axis: str) -> float | None:
        """Where it stands on an axis of a series; None where nobody says."""
        if axis == FLOPS:
            return None if self.tokens is None else 6.0 * self.parameters * self.tokens
        return self.parameters if axis == PARAMETERS else None


def published(rows: pa.Table) -> list[Point]:
    """Read the published points of a run."""
    found = rows.filter(pc.equal(rows["arm"], PUBLISHED)).to_pylist()  # type: ignore[attr-defined]
    return [
        Point(row["family"], row["item"], row["parameters"], row["tokens"], row["correct"], row["loss"])
        for row in found
    ]


class _Rows:
    """The columns of a run's rows as numbers, (row,) each, read once."""

    def __init__(self, rows: pa.Table) -> None:
        self.tasks, self.task = coded(rows["task"])
        self.arms, self.arm = coded(rows["arm"])
        self.metrics, self.metric = coded(rows["metric"])
        self.causes, self.cause = coded(rows["cause"])
        self.clusters, self.cluster = coded(rows["cluster"])
        _, item = coded(rows["item"])
        self.item = item.astype(np.int64) * (1 + int(pc.max(rows["seed"]).as_py() or 0))  # type: ignore[attr-defined]
        self.item += rows["seed"].to_numpy()  # items of one name and another seed are other items
        self.n_classes, self.answer = (rows[name].to_numpy() for name in ("n_classes", "answer"))
        self.logprobs = rows["logprobs"].combine_chunks()
        self.loss, self.correct, self.total = (rows[name].to_numpy() for name in ("loss", "correct", "total"))
        nobody = np.full(rows.num_rows, np.nan)  # as in runs from before reasoning was asked for
        self.named = rows["named"].to_numpy() if "named" in rows.column_names else nobody
        keys = np.column_stack(
            [
                coded(rows["model"])[1],
                coded(rows["member"])[1],
                rows["finished"].to_numpy(zero_copy_only=False),
                np.nan_to_num(rows["tokens"].to_numpy(), nan=-1),
            ]
        )
        _, first, self.place = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        self.places = rows.select(PLACE).take(first).to_pylist()
        """Where each model stands; `place` is the number of a row's model among them."""


def _series(rows: _Rows, name: str, own: list[int], over_training: bool) -> SeriesGrid:
    own = sorted(own, key=lambda n: rows.places[n]["tokens" if over_training else "parameters"])
    places = [rows.places[n] for n in own]

    def numbers(field: str) -> np.ndarray:
        return np.array([np.nan if p[field] is None else p[field] for p in places], dtype=float)

    series = Series(
        name=name,
        labels=tuple(place["model"] or place["member"] for place in places),
        parameters=numbers("parameters"),
        body_parameters=numbers("body_parameters"),
        tokens=numbers("tokens"),
        over_training=over_training,
    )
    position = np.full(len(rows.places), -1)
    position[own] = np.arange(len(own))
    model = position[rows.place]
    tasks = []
    for task in np.unique(rows.task[model >= 0]):
        at = np.flatnonzero((model >= 0) & (rows.task == task))
        asked, place = np.unique(model[at], return_inverse=True)
        arms, lost = {}, []
        for arm in np.unique(rows.arm[at]):
            own = rows.arm[at] == arm
            grid = _arm(rows, at[own], place[own], len(asked))
            if grid is None:
                lost.append(rows.arms[arm])
            else:
                arms[rows.arms[arm]] = grid
        if TASK in arms:
            metric, cause = rows.metrics[rows.metric[at[0]]], rows.causes[rows.cause[at[0]]]
            tasks.append(TaskGrid(rows.tasks[task], metric, cause, asked, arms, tuple(lost)))
    return SeriesGrid(series, tuple(sorted(tasks, key=lambda one: one.task)))


def _arm(rows: _Rows, at: np.ndarray, model: np.ndarray, n_models: int) -> ArmGrid | None:
    """Lay out the rows `at` of one arm, each of the model at its place; None without a common item."""
    names, first, item = np.unique(rows.item[at], return_index=True, return_inverse=True)

    def matrix(values: np.ndarray) -> np.ndarray:
        found = np.full((n_models, len(names)), np.nan)
        found[model, item] = values[at]
        return found

    loss, correct, total = (matrix(values) for values in (rows.loss, rows.correct, rows.total))
    named = matrix(rows.named)
    kept = np.asarray(np.isfinite(loss).all(axis=0))
    if not kept.any():
        return None
    shown = at[first[kept]]  # a row of each item
    groups, clusters = _groups(rows, shown)
    return ArmGrid(
        clusters=clusters,
        cluster_names=groups,
        n_classes=rows.n_classes[shown],
        loss=loss[:, kept],
        correct=_known(correct[:, kept]),
        total=_known(total[:, kept]),
        answers=rows.answer[shown],
        named=_known(named[:, kept]),
        logprobs=_logprobs(rows, at, model, item, (n_models, len(names)), kept),
        n_left_out=int((~kept).sum()),
    )


def _known(values: np.ndarray) -> np.ndarray | None:
    return values if np.isfinite(values).all() else None


def _groups(rows: _Rows, shown: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Name the groups of the items in the rows `shown`; an item without one is a group by itself."""
    own = rows.cluster[shown]
    alone = np.array([not name for name in rows.clusters])[own]
    names, numbers = np.unique(
        np.where(alone, len(rows.clusters) + np.arange(len(shown)), own), return_inverse=True
    )
    return tuple(rows.clusters[n] if n < len(rows.clusters) else "" for n in names.tolist()), numbers


def _logprobs(
    rows: _Rows, at: np.ndarray, model: np.ndarray, item: np.ndarray, shape: tuple[int, int], kept: np.ndarray
) -> np.ndarray | None:
    """Lay out log p of every class; None where a result alone is known."""
    own = rows.logprobs.take(pa.array(at))
    if own.null_count == len(own):
        return None
    found = np.full((*shape, int(rows.n_classes[at].max())), -np.inf)
    for place, question, values in zip(model, item, own.to_pylist(), strict=True):
        if values is not None:
            found[place, question, : len(values)] = values
    return found[:, kept]
