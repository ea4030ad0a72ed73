"""The rules by which the claims are judged along one series; calibrated on simulated rows."""

from __future__ import annotations

from collections.abc import Sequence

from taskscope.report.findings import Verdict
from taskscope.stats.trends.rule import ACCURACY, Label
from taskscope.studies.inverse_scaling.extremes import Extreme
from taskscope.studies.inverse_scaling.trends import SeriesTrends
from taskscope.studies.judgement import Judgement, Measure

LARGE = 30e9
"""Parameters from which a series can say something about C4 (protocol E4)."""


def judge_extreme(
    series: SeriesTrends, extreme: Extreme | None, labels: Sequence[Label], upright: Sequence[Label]
) -> Judgement:
    """Judge that some task falls (C1) or turns (C3).

    Supported by one task with such a label, whose fall or turn is beyond what shuffled sizes give;
    contradicted only where every task has a label that rules it out; otherwise the data cannot say.

    Args:
        series: All tasks.
        extreme: The task that shows it most; None where there is none.
        labels: Labels that say so.
        upright: Labels that rule it out.
    """
    named = series.with_label(*labels)
    names = ", ".join(task.grid.task for task in named)
    if extreme is not None and extreme.task in named and extreme.found.low > extreme.shuffled.value:
        return Judgement(
            Verdict.SUPPORTED,
            f"{names}: the label holds in four resamples out of five or more and after correction for "
            f"{len(series.tasks)} tasks, and the interval lies above the most that shuffled sizes give.",
        )
    if series.tasks and all(task.label in upright for task in series.tasks):
        return Judgement(Verdict.CONTRADICTED, "Every task has a steady label that rules it out.")
    if named:
        return Judgement(
            Verdict.INCONCLUSIVE,
            f"{names}: the label is steady, but the largest change of all tasks does not clear the most that "
            "shuffled sizes give.",
        )
    unsure = [task for task in series.tasks if task.label is Label.UNDETERMINED]
    if len(unsure) == len(series.tasks):
        return Judgement(Verdict.INCONCLUSIVE, undetermined(series))
    return Judgement(
        Verdict.INCONCLUSIVE,
        f"No task does so steadily, and of {len(unsure)} of {len(series.tasks)} the data cannot say.",
    )


def undetermined(series: SeriesTrends) -> str:
    """Say in a sentence why no task along a series has a label."""
    reasons = [task.deciding.reason for task in series.tasks]
    return max(reasons, key=reasons.count)  # the first task of those that are as frequent


def judge_trap(difference: Measure | None) -> Judgement:
    """Judge C2: the trap, and not the form, is what costs."""
    return _judge_difference(
        difference,
        "Without the trap the same form gains at least {least:.2f} more where the task falls.",
        "Without the trap the same form gains less than {least:.2f} more.",
    )


def judge_softened(difference: Measure | None) -> Judgement:
    """Judge C5: one demonstration softens the fall."""
    return _judge_difference(
        difference,
        "After one demonstration performance gains at least {least:.2f} more where the task falls.",
        "After one demonstration performance gains less than {least:.2f} more.",
    )


def _judge_difference(difference: Measure | None, more: str, less: str) -> Judgement:
    least = ACCURACY.least
    if difference is None:
        return Judgement(Verdict.INCONCLUSIVE, "No task gets worse here, so it was not tested.")
    if difference.low > least:
        return Judgement(Verdict.SUPPORTED, more.format(least=least))
    if difference.high < least:
        return Judgement(Verdict.CONTRADICTED, less.format(least=least))
    return Judgement(Verdict.INCONCLUSIVE, f"The interval holds {least:.2f}, the least that counts.")


def judge_distractor(distractor: Measure | None, lead: Measure | None) -> Judgement:
    """Judge C6: while the task falls, the distractor alone is learned, and before the true task alone."""
    if distractor is None or lead is None:
        return Judgement(
            Verdict.INCONCLUSIVE,
            "No task with a distractor gets worse here, so it was not tested.",
        )
    least = ACCURACY.least
    if distractor.high < least:
        return Judgement(
            Verdict.CONTRADICTED,
            f"While the tasks fall, the distractor alone gains less than {least:.2f}.",
        )
    if distractor.low > least and lead.low > 0:
        return Judgement(
            Verdict.SUPPORTED,
            "While the tasks fall, the distractor task alone is learned, and more than the true task alone.",
        )
    return Judgement(
        Verdict.INCONCLUSIVE,
        f"The distractor's gain is not clearly above {least:.2f}, or not clearly above the true task's.",
    )


def judge_turn(series: SeriesTrends, before: SeriesTrends | None, share: Measure | None) -> Judgement:
    """Judge C4: most tasks that fall without the largest models turn upwards with them."""
    largest = float(series.series.parameters.max())
    if before is None or largest < LARGE:
        return Judgement(
            Verdict.INCONCLUSIVE,
            f"C4 cannot be tested: the largest model has {_size(largest)} parameters, and the published turn "
            f"needs {_size(LARGE)} or more.",
        )
    if share is None:
        return Judgement(Verdict.INCONCLUSIVE, "No task falls along the smaller models, so none can turn.")
    if share.low > 0.5:
        return Judgement(Verdict.SUPPORTED, "More than half of the tasks that fell turn upwards again.")
    if share.high < 0.5:
        return Judgement(Verdict.CONTRADICTED, "Fewer than half of the tasks that fell turn upwards again.")
    return Judgement(Verdict.INCONCLUSIVE, "The share of tasks that turn is not clearly above or below half.")


def _size(parameters: float) -> str:
    return f"{parameters / 1e9:.2g} B" if parameters >= 1e9 else f"{parameters / 1e6:.2g} M"
