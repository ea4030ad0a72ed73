"""From rows to findings: pure, so that stored rows can be judged again forever."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from taskscope.report.findings import Claim, Control, Finding, Verdict
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.task_vectors.claims import ACCOUNT
from taskscope.studies.task_vectors.composition import findings as composition
from taskscope.studies.task_vectors.conditions import BASELINE, CONTROLS, LABELS, MEANINGS, SHUFFLED
from taskscope.studies.task_vectors.conflict import findings as conflict
from taskscope.studies.task_vectors.geometry import findings as geometry
from taskscope.studies.task_vectors.heads import findings as heads
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.projection import findings as projection
from taskscope.studies.task_vectors.resampling import ratio
from taskscope.studies.task_vectors.results import ModelResult, results
from taskscope.studies.task_vectors.verdicts import judge_depth, judge_vector
from taskscope.studies.wording import control, interval, number, percent

_CLAIMS = {claim.number: claim for claim in ACCOUNT.claims}
_NONE_ADMISSIBLE = Judgement(
    Verdict.INCONCLUSIVE,
    "On no task do the demonstrations raise accuracy by 20 points or more, so nothing can be carried.",
)


def analyse(rows: pa.Table, params: TaskVectorParams) -> list[Finding]:
    """Judge every claim that was measured for every model, by the rules of the `verdict` modules."""
    measured = results(rows, params)
    clouds = {found.model: found for found in geometry.geometries(rows, measured, params)}
    conflicts = {found.model: found for found in conflict.conflicts(rows, measured, params)}
    spelt = {found.model: found for found in projection.reads(rows, measured, params)}
    vectors = {found.model: found for found in heads.function_vectors(rows, measured, params)}
    sums = {found.model: found for found in composition.compositions(rows, measured, params)}
    found = []
    for result in measured:
        found += [_vector(result, params), _depth(result)]
        if result.model in clouds:
            found.append(geometry.finding(clouds[result.model]))
        if result.model in clouds or conflicts[result.model].directions:
            found.append(conflict.finding(conflicts[result.model]))
        if result.model in spelt:
            found.append(projection.finding(spelt[result.model]))
        if result.model in vectors:
            found.append(heads.finding(vectors[result.model]))
        if result.model in sums:
            found.append(composition.finding(sums[result.model]))
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
        statement=f"One vector in place of {params.k} demonstrations takes accuracy from "
        f"{percent(means.baseline[0])} to {percent(means.hypothesis[0])}, the demonstrations themselves to "
        f"{percent(means.regular[0])}, the strongest control to {percent(means.strongest[0])} "
        f"({_over_tasks(result)}).",
        quantity=quantity,
        estimate=number(share.value),
        interval=interval(share),
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
        control("first-quarter", "mean over the first quarter of blocks", peak.first, edge),
        control("last-quarter", "mean over the last quarter of blocks", peak.last, edge),
    )
    return Finding(
        study=ACCOUNT.name,
        claim=claim.number,
        title=claim.title,
        model=result.model,
        statement=f"The vector works best after block {peak.block} of {peak.n_blocks} (counted from 0; "
        f"interval {peak.low} to {peak.high}), at {percent(peak.depth)} of the depth; there it is "
        f"{100 * peak.excess.value:.0f} points of accuracy ahead of its strongest control. Task by task the "
        f"best block lies between {blocks[0]} and {blocks[-1]} ({_over_tasks(result)}).",
        quantity=quantity,
        estimate=number(peak.excess.value),
        interval=interval(peak.excess),
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
    return control(
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
    return control(name, LABELS[name], measure, meaning)


def _over_tasks(result: ModelResult) -> str:
    able, total = len(result.admitted), len(result.tasks)
    noun = "task" if able == 1 else "tasks"
    scope = "" if result.macro is None or result.macro.tasks_resampled else ", of which alone it speaks"
    return f"mean over {able} of {total} {noun} on which demonstrations help{scope}"
