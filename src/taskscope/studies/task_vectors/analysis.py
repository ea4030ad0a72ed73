"""From rows to findings: pure, so that stored rows can be judged again forever."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.report.findings import Claim, Control, Finding, Interval, Verdict
from taskscope.studies.task_vectors.claims import ACCOUNT
from taskscope.studies.task_vectors.conditions import BASELINE, CONTROLS, LABELS, MEANINGS, SHUFFLED
from taskscope.studies.task_vectors.grids import TaskGrid, grids
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.resampling import Macro, macro, ratio, resampled_blocks
from taskscope.studies.task_vectors.selection import Selection, select, shared_block
from taskscope.studies.task_vectors.verdicts import Judgement, Measure, Peak, judge_depth, judge_vector

_CLAIMS = {claim.number: claim for claim in ACCOUNT.claims}
_NONE_ADMISSIBLE = Judgement(
    Verdict.INCONCLUSIVE,
    "On no task do the demonstrations raise accuracy by 20 points or more, so nothing can be carried.",
)


@dataclass(frozen=True)
class ModelResult:
    """What the verdicts on one model rest on; None where no task is admissible."""

    model: str
    tasks: list[TaskGrid]
    chosen: list[Selection]
    macro: Macro | None
    peak: Peak | None

    @property
    def admitted(self) -> list[tuple[TaskGrid, Selection]]:
        """Tasks on which demonstrations help enough, with their choices."""
        return [pair for pair in zip(self.tasks, self.chosen, strict=True) if pair[1].admissible]


def results(rows: pa.Table, params: TaskVectorParams) -> list[ModelResult]:
    """Choose on development pairs and resample test pairs, model by model in sorted order."""
    return [_result(model, tasks, params) for model, tasks in grids(rows).items()]


def _result(model: str, tasks: list[TaskGrid], params: TaskVectorParams) -> ModelResult:
    chosen = [select(task.dev) for task in tasks]
    able = [(t, s) for t, s in zip(tasks, chosen, strict=True) if s.admissible]
    if not able:
        return ModelResult(model, tasks, chosen, None, None)
    kept, choices = [t for t, _ in able], [s for _, s in able]
    means = macro(kept, choices, params.draws)
    peak = Peak.of(means, shared_block(kept), resampled_blocks(kept, params.draws))
    return ModelResult(model, tasks, chosen, means, peak)


def analyse(rows: pa.Table, params: TaskVectorParams) -> list[Finding]:
    """Judge C1 and C2 for every model, by the rules of `verdicts`."""
    found = []
    for result in results(rows, params):
        found += [_vector(result, params), _depth(result)]
    return found


def _vector(result: ModelResult, params: TaskVectorParams) -> Finding:
    """The finding on C1."""
    claim, quantity = _CLAIMS["C1"], "share of the demonstrations' gain that one vector recovers"
    means = result.macro
    if means is None:
        return _empty(result, claim, quantity)
    gain = means.regular - means.baseline
    share = Measure.of(ratio(means.hypothesis - means.baseline, gain))
    on_axis = {
        name: Measure.of(ratio(means.controls[:, i] - means.baseline, gain))
        for i, name in enumerate(CONTROLS)
        if name != BASELINE  # 0 on this axis by definition
    }
    controls = [_strongest(result, Measure.of(ratio(means.strongest - means.baseline, gain)))]
    controls += [_control(result, name, measure) for name, measure in on_axis.items()]
    judgement = judge_vector(means)
    return Finding(
        study=ACCOUNT.name,
        claim=claim.number,
        title=claim.title,
        model=result.model,
        statement=f"One vector in place of {params.k} demonstrations raises accuracy from "
        f"{_percent(means.baseline[0])} to {_percent(means.hypothesis[0])}, the demonstrations themselves to "
        f"{_percent(means.regular[0])}, the strongest control to {_percent(means.strongest[0])} "
        f"({_over_tasks(result)}).",
        quantity=quantity,
        estimate=_number(share.value),
        interval=_interval(share),
        n=means.n_clusters,
        unit="queries",
        controls=tuple(control for control in controls if control is not None),
        strongest="strongest",
        published=claim.published,
        verdict=judgement.verdict,
        reason=judgement.reason,
    )


def _depth(result: ModelResult) -> Finding:
    """The finding on C2."""
    claim, quantity = _CLAIMS["C2"], "accuracy above the strongest control at the best block"
    means, peak = result.macro, result.peak
    if means is None or peak is None:
        return _empty(result, claim, quantity)
    blocks = sorted(chosen.block for _, chosen in result.admitted)
    judgement = judge_depth(means, peak)
    edge = "Whether the vector works as well at this end of the model."
    ends = (
        _plain_control("first-quarter", "mean over the first quarter of blocks", peak.first, edge),
        _plain_control("last-quarter", "mean over the last quarter of blocks", peak.last, edge),
    )
    return Finding(
        study=ACCOUNT.name,
        claim=claim.number,
        title=claim.title,
        model=result.model,
        statement=f"The vector works best after block {peak.block} of {peak.n_blocks} (counted from 0; "
        f"interval {peak.low} to {peak.high}), at {_percent(peak.depth)} of the depth; there it is "
        f"{100 * peak.excess.value:.0f} points of accuracy ahead of its strongest control. Task by task the "
        f"best block lies between {blocks[0]} and {blocks[-1]} ({_over_tasks(result)}).",
        quantity=quantity,
        estimate=_number(peak.excess.value),
        interval=_interval(peak.excess),
        n=means.n_clusters,
        unit="queries",
        controls=tuple(control for control in ends if control is not None),
        strongest="first-quarter" if peak.first.value >= peak.last.value else "last-quarter",
        verdict=judgement.verdict,
        reason=judgement.reason,
    )


def _empty(result: ModelResult, claim: Claim, quantity: str) -> Finding:
    return Finding(
        study=ACCOUNT.name,
        claim=claim.number,
        title=claim.title,
        model=result.model,
        statement=f"None of the {len(result.tasks)} tasks can be judged: demonstrations hardly help.",
        quantity=quantity,
        estimate=None,
        interval=None,
        n=sum(task.test.n_clusters for task in result.tasks),
        unit="queries",
        verdict=_NONE_ADMISSIBLE.verdict,
        reason=_NONE_ADMISSIBLE.reason,
    )


def _strongest(result: ModelResult, measure: Measure) -> Control | None:
    most = Counter(chosen.control for _, chosen in result.admitted).most_common(1)[0][0]
    return _plain_control(
        "strongest",
        f"strongest control of each task (most often: {LABELS[most]})",
        measure,
        "The best of all controls, chosen for each task on other queries; the verdict is against this one.",
    )


def _control(result: ModelResult, name: str, measure: Measure) -> Control | None:
    meaning = MEANINGS[name]
    shown = sum(not chosen.swapping_hides for _, chosen in result.admitted)
    if name == SHUFFLED and shown:
        meaning += (
            f" Left out of the comparison on {shown} of {len(result.admitted)} tasks, which the model does "
            "from swapped labels too."
        )
    return _plain_control(name, LABELS[name], measure, meaning)


def _plain_control(name: str, label: str, measure: Measure, meaning: str) -> Control | None:
    """Make a control; None where its share has no value because the demonstrations gain nothing."""
    value = _number(measure.value)
    if value is None:
        return None
    return Control(name=name, label=label, estimate=value, interval=_interval(measure), meaning=meaning)


def _over_tasks(result: ModelResult) -> str:
    able, total = len(result.admitted), len(result.tasks)
    noun = "task" if able == 1 else "tasks"
    scope = "" if result.macro is None or result.macro.tasks_resampled else ", of which alone it speaks"
    return f"mean over {able} of {total} {noun} on which demonstrations help{scope}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _number(value: float) -> float | None:
    """Round to 6 significant digits; None where there is no number, which JSON could not say."""
    return float(f"{value:.6g}") + 0.0 if np.isfinite(value) else None


def _interval(measure: Measure) -> Interval | None:
    low, high = _number(measure.low), _number(measure.high)
    return None if low is None or high is None else Interval(low=low, high=high)
