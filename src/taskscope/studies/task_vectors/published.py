"""The published numbers of task and function vectors, to stand beside ours (protocol E1, E2, E5, FV-6)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

ADMISSIBLE_GAIN = 0.20
"""A task counts where demonstrations raise accuracy by at least this much (protocol section 2)."""


@dataclass(frozen=True)
class Accuracies:
    """Shares of right answers without demonstrations, with one injected vector, with demonstrations."""

    baseline: float
    hypothesis: float
    regular: float

    @property
    def admissible(self) -> bool:
        """Whether demonstrations add enough for a recovered share to mean something."""
        return self.regular - self.baseline >= ADMISSIBLE_GAIN - 1e-9


@dataclass(frozen=True)
class PublishedModel:
    """One model of the paper."""

    name: str
    blocks: int
    peak_block: int
    """Block, from 0, where accuracy averaged over tasks is highest."""
    peak_accuracy: float
    tasks: dict[str, Accuracies]

    @property
    def depth(self) -> float:
        """Relative depth of the peak: (block + 1) / blocks."""
        return (self.peak_block + 1) / self.blocks

    @property
    def macro(self) -> Accuracies:
        """Means over all 18 tasks."""
        return _mean(list(self.tasks.values()))

    @property
    def recovered(self) -> float:
        """(H - B) / (R - B) of the means over admissible tasks, as our own estimate is computed."""
        mean = _mean([task for task in self.tasks.values() if task.admissible])
        return (mean.hypothesis - mean.baseline) / (mean.regular - mean.baseline)


@dataclass(frozen=True)
class PublishedConflict:
    """One task shown while theta of another is put in (E5): shares of (the one's, the other's) answers."""

    shown: str
    injected: str
    plain: tuple[float, float]
    """With nothing put in."""
    theta: tuple[float, float]


@dataclass(frozen=True)
class PublishedVector:
    """What a function vector added to right answers (FV-6): gains, None where nothing is printed."""

    alone: float
    """Over nothing added, on the query alone."""
    shuffled: float | None
    """Over nothing added, behind demonstrations with shuffled labels."""
    over_layer: float | None
    """Over the layer average, on the query alone."""


def _mean(rows: list[Accuracies]) -> Accuracies:
    n = len(rows)
    return Accuracies(
        sum(row.baseline for row in rows) / n,
        sum(row.hypothesis for row in rows) / n,
        sum(row.regular for row in rows) / n,
    )


@cache
def _data() -> dict:
    return json.loads(
        files("taskscope.studies.task_vectors").joinpath("published.json").read_text(encoding="utf-8")
    )


def source() -> str:
    """Where the accuracies stand."""
    return _data()["source"]


def peak_source() -> str:
    """Where the peaks stand."""
    return _data()["peak_source"]


def conflict_source() -> str:
    """Where the conflicts stand."""
    return _data()["conflict_source"]


def conflict_model() -> str:
    """The model whose conflicts were published."""
    return _data()["conflict_model"]


@cache
def conflicts() -> tuple[PublishedConflict, ...]:
    """All five pairs, in the order of the release."""

    def both(shares: list[float]) -> tuple[float, float]:
        return shares[0], shares[1]

    return tuple(
        PublishedConflict(pair["shown"], pair["injected"], both(pair["plain"]), both(pair["theta"]))
        for pair in _data()["conflicts"]
    )


def vector_source() -> str:
    """Where the gains of function vectors stand."""
    return _data()["vector_source"]


@cache
def vectors() -> dict[str, PublishedVector]:
    """What function vectors gain, by model."""

    def gain(shares: dict[str, float | None] | None, over: str) -> float | None:
        vector, base = (shares or {}).get("vector"), (shares or {}).get(over)
        return None if vector is None or base is None else vector - base

    return {
        name: PublishedVector(
            told["alone"]["vector"] - told["alone"]["nothing"],
            gain(told.get("shuffled"), "nothing"),
            gain(told["alone"], "layer"),
        )
        for name, told in _data()["vectors"].items()
    }


@cache
def models() -> tuple[PublishedModel, ...]:
    """All seven models of the paper, in its order."""
    data = _data()
    return tuple(
        PublishedModel(
            name,
            facts["blocks"],
            facts["peak_block"],
            facts["peak_accuracy"],
            {task: Accuracies(*row[name]) for task, row in data["tasks"].items()},
        )
        for name, facts in data["models"].items()
    )
