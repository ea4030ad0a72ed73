"""Do voting heads carry what a vote needs: the label in values, the text's own answer in keys (M2, M4)?

RQ3 counts voting heads by their weights alone; here they are looked up in the probes of M4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.stats import rankdata

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.kernel_regression.features.findings import Features, Probe, features
from taskscope.studies.kernel_regression.params import KernelRegressionParams
from taskscope.studies.kernel_regression.weights.findings import weights
from taskscope.studies.kernel_regression.weights.grids import Heads
from taskscope.studies.kernel_regression.weights.resampling import ModelWeights
from taskscope.studies.randomness import stream

DRAWS = 1000
"""Sets of as many heads of the same blocks that are drawn at random."""


@dataclass(frozen=True)
class Carried:
    """How well one target is read from the voting heads of a model, beside others."""

    task: str
    vector: str
    target: str
    voting: float
    """Mean accuracy at the label over the voting heads."""
    others: float
    """The same expected of as many heads of the same blocks."""
    p: float
    """Share of sets drawn from the same blocks that reach as much."""
    over_heads: float
    """Rank correlation over all heads of accuracy with how often the head votes for the model's answer."""
    majority: float

    @property
    def numbers(self) -> tuple[float, ...]:
        """As the table shows them."""
        return self.voting, self.others, self.p, self.over_heads, self.majority


@dataclass(frozen=True)
class Voters:
    """One model."""

    model: str
    names: tuple[str, ...]
    """Heads that vote more than chance allows, or the one that agrees most if none does."""
    beyond_chance: bool
    carried: tuple[Carried, ...]


def voters(rows: pa.Table, params: KernelRegressionParams) -> list[Voters]:
    """Look up the voting heads of every model whose weights and features were both measured."""
    probed: dict[str, list[Features]] = {}
    for each in features(rows, params.draws):
        probed.setdefault(each.model, []).append(each)
    return [_voters(found, probed[found.model]) for found in weights(rows, params) if found.model in probed]


def tables(found: Voters) -> list[Table]:
    """Tabulate one model."""
    voting = "the heads whose votes agree with the model beyond chance"
    who = voting if found.beyond_chance else "the head whose votes agree most, though not beyond chance"
    return [
        Table(
            name=f"kernel-regression-{slug(found.model)}-voters",
            title="What voting heads carry at the label",
            columns=(
                "task",
                "vector",
                "says",
                "voting heads",
                "as many of their blocks",
                "p",
                "over all heads",
                "most frequent",
            ),
            rows=tuple(
                (c.task, c.vector, c.target, *(round(value, 4) for value in c.numbers)) for c in found.carried
            ),
            note=f"Mean accuracy of the probes (M4) of {who}: {', '.join(found.names)}. Beside it what sets "
            f"of as many heads drawn from the same blocks reach, and how many of {DRAWS} sets reach as much. "
            "'Over all heads': rank correlation of accuracy with how often a head votes for the model's "
            "answer. Values and keys that several query heads share count for each of them.",
            model=found.model,
        )
    ]


def _voters(found: ModelWeights, probed: list[Features]) -> Voters:
    chosen = found.voting_heads
    beyond = len(chosen) > 0
    if not beyond:
        chosen = np.array([int(found.map.argmax())])
    carried = tuple(
        _carried(found, chosen, each.task, probe, each.blocks)
        for each in probed
        for probe in each.probes
        if probe.n_targets > 1
    )
    return Voters(found.model, tuple(found.heads.name(int(h)) for h in chosen), beyond, carried)


def _carried(
    found: ModelWeights, chosen: np.ndarray, task: str, probe: Probe, blocks: tuple[int, ...]
) -> Carried:
    accuracy = by_head(probe, blocks, found.heads)
    place = found.heads.sites[:, 0]
    rng = stream("kernel-regression voters", found.model, task, probe.vector, probe.target)
    drawn = np.zeros(DRAWS)
    for block, count in zip(*np.unique(place[chosen], return_counts=True), strict=True):
        own = accuracy[place == block]
        drawn += rng.permuted(np.tile(own, (DRAWS, 1)), axis=1)[:, :count].sum(axis=1) / len(chosen)
    mean = float(accuracy[chosen].mean())
    return Carried(
        task=task,
        vector=probe.vector,
        target=probe.target,
        voting=mean,
        others=float(drawn.mean()),
        p=float((1 + (drawn >= mean - 1e-9).sum()) / (1 + DRAWS)),
        over_heads=_rank_correlation(accuracy, found.map),
        majority=probe.majority,
    )


def by_head(probe: Probe, blocks: tuple[int, ...], heads: Heads) -> np.ndarray:
    """Accuracy of a probe for every query head, (head,), from that of the keys or values it shares."""
    n_shared = probe.by_head.shape[1]
    row = np.searchsorted(blocks, heads.sites[:, 0])
    return probe.by_head[row, heads.sites[:, 1] * n_shared // heads.per_block]


def _rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's; 0 where one of the two is constant."""
    a, b = (rankdata(each) - (len(each) + 1) / 2 for each in (x, y))
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 else 0.0
