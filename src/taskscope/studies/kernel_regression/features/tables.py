"""The tables of M4: gains over controls, and accuracy by block and offset."""

from __future__ import annotations

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.features.findings import CONTROLS, Features
from taskscope.studies.kernel_regression.features.rows import ALL_HEADS, OFFSETS


def tables(found: Features) -> list[Table]:
    """Tabulate one model and task."""
    return [_gains(found), _blocks(found)]


def _gains(found: Features) -> Table:
    rows = []
    for probe in found.probes:
        for gain, where in ((probe.gain, "mean of a block"), (probe.head_gain, "single head")):
            front = (probe.vector, probe.target, where)
            if gain is None:
                rows.append((*front, "", *(None,) * (len(CONTROLS) + 3)))
                continue
            place = f"block {gain.block}" + ("" if gain.head == ALL_HEADS else f", head {gain.head}")
            controls = (round(gain.controls[name].value, 4) for name in CONTROLS)
            rows.append(
                (*front, place, round(gain.accuracy.value, 4), *controls, _told(gain.gain), gain.n_texts)
            )
    return Table(
        name=f"kernel-regression-{slug(found.model)}-{slug(found.task)}-features",
        title=f"What vectors at a label say beyond every control: {found.task}",
        columns=("vector", "says", "of", "chosen", "accuracy", *CONTROLS, "gain", "texts"),
        rows=tuple(rows),
        note="Ridge probes (penalty 0.01) tested on texts they were not fitted on. Block and head are chosen "
        "on half of the texts and judged on the rest; gain: accuracy less the strongest control. For a value "
        "at the label to say which label it is takes no more than the token itself: see one token on whether "
        "it is carried. Nothing can be told where all texts have one target.",
        model=found.model,
    )


def _blocks(found: Features) -> Table:
    rows = []
    for probe in found.probes:
        for number, block in enumerate(found.blocks):
            values = [*probe.accuracy[number], probe.shuffled[number][OFFSETS.index(0)]]
            values.append(probe.scaled[number][OFFSETS.index(0)])
            numbers = (round(float(value), 4) for value in values)
            rows.append((probe.vector, probe.target, block, *numbers, round(probe.majority, 4)))
    offsets = tuple(f"{offset:+d}" if offset else "at the label" for offset in OFFSETS)
    return Table(
        name=f"kernel-regression-{slug(found.model)}-{slug(found.task)}-features-by-block",
        title=f"Accuracy of probes by block and distance from the label: {found.task}",
        columns=("vector", "says", "block", *offsets, "shuffled targets", "scaled penalty", "most frequent"),
        rows=tuple(rows),
        note="Means over the heads of a block. Distances in tokens. 'Shuffled targets' and 'scaled penalty' "
        "(0.01 times the number of items) are at the label. Keys are as the cache keeps them, with positions "
        "rotated in.",
        model=found.model,
    )


def _told(measure: Measure) -> str:
    return f"{measure.value:+.3f} ({measure.low:+.3f} to {measure.high:+.3f})"
