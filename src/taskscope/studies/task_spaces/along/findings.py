"""Claims along a series. Intervals leave out one task at a time, with its row and column.

**8, size brings similarity.** For each size, how much more tasks of one phenomenon transfer to each other
than others do, in units of what tuning does to its own task, beyond what words and an untrained model's
gradients explain. Judged is the slope of that number over tenfold weights. Supported: interval above 0, and
the slope above where 97.5 % of the slopes of phenomena dealt at random lie. Contradicted: the same below 0.

**9, stable over training.** Three likenesses of maps, each between different halves of the pairs: of the
first checkpoint with the last, of an early one (at most an eighth of the tokens) with the last, and of the
last with itself. Supported: the early map is more like the last one than the first map is, by more than half
of the way from the first to the last with itself (both intervals above 0), and the share of weights that
holds 90 % of a task's squared gradient grows (interval above 0). Contradicted: by less than half of the way,
or that share shrinks. A share above a fixed threshold would grow with the mere scale of gradients; it is
shown beside.

Inconclusive otherwise; by rule where tuning does not help its own task in some model, where the map of the
last checkpoint does not repeat itself, or where no checkpoint is early enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from taskscope.report.findings import Finding, Verdict
from taskscope.stats.matrices import jackknife, leave_one_out, off_diagonal
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.randomness import stream
from taskscope.studies.task_spaces.along.series import TRAINING, Series, likeness
from taskscope.studies.task_spaces.claims import ACCOUNT
from taskscope.studies.wording import control, finding

Array = np.ndarray
EARLY = 1 / 8
"""Share of the tokens up to which a checkpoint is an early one."""


@dataclass(frozen=True)
class Growth:
    """How similarity inside phenomena goes with size (claim 8)."""

    similarity: tuple[Measure, ...]
    """By model."""
    slope: Measure
    chance: Measure
    """Slopes of phenomena dealt at random: mean, and where 95 % lie."""


@dataclass(frozen=True)
class Course:
    """How the map goes with training (claim 9)."""

    early: int
    """Which model is the early one."""
    with_last: tuple[Measure, ...]
    """Likeness of each map with the last; the last one with itself."""
    gained: Measure
    """Early less first."""
    half_way: Measure
    """Early less the middle of first and last."""
    holding: Measure
    """Doublings, from first to last, of the share of weights that holds 90 % of the squared gradient."""
    above: Measure
    """The same of the share above the fixed threshold."""


def growth(series: Series, draws: int) -> Growth:
    """Work claim 8's numbers out."""
    effects = series.effects.mean(axis=1)
    x = np.log10(series.at)
    weights = (x - x.mean()) / ((x - x.mean()) ** 2).sum()

    def similar(keep: Array, groups: Array) -> Array:
        """Coefficients of "same phenomenon" beyond the nulls on the tasks kept, (draw, model).

        Args:
            keep: Tasks.
            groups: (draw, task) phenomena.
        """
        off = off_diagonal(len(keep))
        kept = groups[:, keep]
        cells = (kept[:, :, None] == kept[:, None, :])[:, off].astype(float)
        found = []
        for model, nulls in enumerate(zip(*series.nulls, strict=True)):
            cut = np.ix_(keep, keep)
            rest, basis = _away(effects[model][cut], [null[cut] for null in nulls])
            left = cells - (cells @ basis) @ basis.T
            found.append(left @ rest / np.maximum((left * left).sum(axis=1), 1e-12))
        return np.stack(found, axis=1)

    everyone, groups = np.arange(series.n), series.groups[None]
    without = [similar(np.delete(everyone, i), groups)[0] for i in everyone]
    table = np.stack([similar(everyone, groups)[0], *without])
    rng = stream("task-spaces sizes", series.name, series.tasks)
    dealt = similar(everyone, np.stack([rng.permutation(series.groups) for _ in range(draws)])) @ weights
    low, high = np.quantile(dealt, [0.025, 0.975])
    return Growth(
        similarity=tuple(Measure(*jackknife(column)) for column in table.T),
        slope=Measure(*jackknife(table @ weights)),
        chance=Measure(float(dealt.mean()), float(low), float(high)),
    )


def _away(effects: Array, nulls: list[Array]) -> tuple[Array, Array]:
    """Return cells with a constant and the nulls, bent or straight, taken out; and the basis of those."""
    off = off_diagonal(len(effects))
    columns = [null[off] ** power for null in nulls for power in (1, 2, 3)]
    scaled = [(c - c.mean()) / max(c.std(), 1e-12) for c in columns]
    design = np.stack([np.ones(int(off.sum())), *scaled], axis=1)
    basis, singular, _ = np.linalg.svd(design, full_matrices=False)
    basis = basis[:, singular > 1e-9 * singular[0]]
    cells = effects[off]
    return cells - basis @ (basis.T @ cells), basis


def course(series: Series) -> Course | None:
    """Work claim 9's numbers out; None where no checkpoint but the first is early."""
    early = [m for m in range(1, len(series.at) - 1) if series.at[m] <= EARLY * series.at[-1]]
    if not early:
        return None
    maps, last = series.effects, series.effects[-1]

    def of(model: int) -> Array:
        return leave_one_out(lambda keep: likeness(maps[model], last, keep), series.n)

    first, middle, itself = of(0), of(early[-1]), of(len(maps) - 1)
    every = {0: first, early[-1]: middle, len(maps) - 1: itself}
    shown = [every[m] if m in every else of(m) for m in range(len(maps))]
    return Course(
        early=early[-1],
        with_last=tuple(Measure(*jackknife(each)) for each in shown),
        gained=Measure(*jackknife(middle - first)),
        half_way=Measure(*jackknife(middle - (first + itself) / 2)),
        holding=_grown(series.holding),
        above=_grown(series.above),
    )


def _grown(shares: Array) -> Measure:
    """Doublings from the first to the last model, mean over tasks."""
    values = np.log2(np.maximum(shares[-1], 1e-9) / np.maximum(shares[0], 1e-9))
    return Measure(*jackknife(leave_one_out(lambda keep: float(values[keep].mean()), len(values))))


def _helps(series: Series) -> bool:
    """Whether tuning moves its own task up in every model: interval of the mean over tasks above 0."""

    def mean(own: Array) -> Callable[[Array], float]:
        return lambda keep: float(own[keep].mean())

    return all(jackknife(leave_one_out(mean(own), series.n))[1] > 0 for own in series.own)


def judge_growth(series: Series, found: Growth) -> Judgement:
    """Judge claim 8 by the rule above."""
    if not _helps(series):
        return _inconclusive("In one of the models tuning does not clearly help even the task it is for.")
    if found.slope.low > 0 and found.slope.value > found.chance.high:
        return Judgement(
            Verdict.SUPPORTED, "The larger the model, the more tasks of one phenomenon help each other."
        )
    if found.slope.high < 0 and found.slope.value < found.chance.low:
        return Judgement(
            Verdict.CONTRADICTED, "The larger the model, the less tasks of one phenomenon help each other."
        )
    return _inconclusive("Similarity inside phenomena does not clearly go with size.")


def judge_course(series: Series, found: Course | None) -> Judgement:
    """Judge claim 9 by the rule above."""
    if found is None:
        return _inconclusive("No checkpoint behind the first was kept in the first eighth of training.")
    if not _helps(series):
        return _inconclusive(
            "At one of the checkpoints tuning does not clearly help even the task it is for."
        )
    if not found.with_last[-1].low > 0:
        return _inconclusive("The map of the last checkpoint does not repeat itself on other pairs.")
    if found.half_way.high < 0:
        return Judgement(Verdict.CONTRADICTED, "Most of the change of the map comes late.")
    if found.holding.high < 0:
        return Judgement(Verdict.CONTRADICTED, "A task concerns fewer weights in the end, not more.")
    if found.gained.low <= 0 or found.half_way.low <= 0:
        return _inconclusive("The map does not clearly change early and then stay.")
    if found.holding.low <= 0:
        return _inconclusive("The map changes early and then stays, but what a task concerns may not grow.")
    return Judgement(
        Verdict.SUPPORTED, "The map changes early and then stays, while a task comes to concern more weights."
    )


def series_finding(series: Series, draws: int) -> Finding:
    """Judge the claim that a series is about."""
    return _course_finding(series) if series.kind == TRAINING else _growth_finding(series, draws)


def label(series: Series) -> str:
    """Name a series as findings and figures do."""
    what = "in training" if series.kind == TRAINING else "by size"
    return f"{series.name} {what}"


def _growth_finding(series: Series, draws: int) -> Finding:
    found = growth(series, draws)
    ends = [found.similarity[0].value, found.similarity[-1].value]
    return finding(
        ACCOUNT,
        "8",
        label(series),
        judge_growth(series, found),
        statement=f"Tasks of one phenomenon transfer to each other {ends[0]:+.2f} more than others do in "
        f"{series.models[0]} and {ends[1]:+.2f} in {series.models[-1]}, in units of the own gain and beyond "
        f"words; {found.slope.value:+.2f} for tenfold weights.",
        quantity="change of similarity inside phenomena for tenfold weights",
        measure=found.slope,
        n=series.n,
        unit="tasks",
        controls=[
            control(
                "strongest", "phenomena dealt at random", found.chance, "The verdict is against this one."
            )
        ],
    )


def _course_finding(series: Series) -> Finding:
    found = course(series)
    judged = judge_course(series, found)
    if found is None:
        return finding(
            ACCOUNT,
            "9",
            label(series),
            judged,
            statement="Nothing was measured that could tell.",
            quantity="",
            measure=None,
            n=series.n,
            unit="tasks",
            controls=(),
        )
    first, early, last = (found.with_last[m] for m in (0, found.early, -1))
    share = series.at[found.early] / series.at[-1]
    return finding(
        ACCOUNT,
        "9",
        label(series),
        judged,
        statement=f"After {share:.0%} of training the map correlates {early.value:.2f} with that of the end, "
        f"where the first checkpoint's does so {first.value:.2f} and the last one's with itself "
        f"{last.value:.2f}; {2**found.holding.value:.2f} times as many weights hold a task's gradient in the "
        f"end as at first ({2**found.above.value:.2f} times by a fixed threshold).",
        quantity="likeness of the early map with the last",
        measure=early,
        n=series.n,
        unit="tasks",
        controls=[
            control("strongest", "map of the first checkpoint", first, "The verdict is against this one."),
            control("itself", "the last map on other pairs", last, "What likeness could be at most."),
            control(
                "weights",
                "doublings of the weights that hold a gradient",
                found.holding,
                "From the first to the last checkpoint; free of the scale of gradients.",
            ),
        ],
    )


def _inconclusive(reason: str) -> Judgement:
    return Judgement(Verdict.INCONCLUSIVE, reason)
