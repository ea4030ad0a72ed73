"""From the rows of S1 to the finding on RQ1."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from taskscope.report.findings import Control, Finding
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.claims import ACCOUNT
from taskscope.studies.kernel_regression.simulated import convergence as s1
from taskscope.studies.kernel_regression.simulated.references import PUBLISHED
from taskscope.studies.kernel_regression.simulated.rows import Curves, curves
from taskscope.studies.kernel_regression.simulated.slopes import FIRST, resampled_slopes
from taskscope.studies.kernel_regression.simulated.verdict import (
    PREDICTED,
    Convergence,
    judge_convergence,
)
from taskscope.studies.remembering import once_per_table
from taskscope.studies.wording import control, finding

MODEL = "theory"
"""Stands where a finding names its model."""
SETTING = "peaked"
"""Worlds in which labels depend on inputs; where they hardly do, even shuffled labels come close to Bayes."""
QUANTITY = f"log-log slope of the gap between kernel regression and exact Bayes, from {FIRST} demonstrations"
BESIDE = (s1.LITERAL, s1.LEAKY)
LABELS = {
    s1.LITERAL: "the theorem's formula as printed (C)",
    s1.LEAKY: "Bayes who expects a leaky delimiter",
}
MEANINGS = {
    s1.SHUFFLED: "Whether it matters which input has which label.",
    s1.FOREIGN: "Whether any demonstrations would do.",
    s1.LITERAL: "Features not normalised: its gap ends at a bias. No control.",
    s1.LEAKY: "A Bayes who never becomes sure of the task: his gap ends at a floor. No control.",
}


def findings(rows: pa.Table, draws: int) -> list[Finding]:
    """Judge RQ1; nothing where S1 was not simulated.

    Args:
        rows: Rows of all cells, with the columns of the run folder in front.
        draws: Bootstrap resamples behind every interval.
    """
    found = converging(rows, draws)
    if found is None:
        return []
    slope = Measure.of(found.recommended)
    judged = finding(
        ACCOUNT,
        "RQ1",
        MODEL,
        judge_convergence(found),
        statement=_statement(found),
        quantity=QUANTITY,
        measure=slope,
        n=found.n_worlds,
        unit="simulated worlds",
        controls=_controls(found),
    )
    return [judged.model_copy(update={"published": PUBLISHED})]


@once_per_table
def converging(rows: pa.Table, draws: int) -> Convergence | None:
    """Resample the slopes of the peaked worlds; None where they were not simulated."""
    known = curves(rows, s1.NUMBER)
    if (SETTING, s1.RECOMMENDED, s1.GAP) not in known:
        return None
    slopes = slopes_of(known, SETTING, (s1.RECOMMENDED, *s1.CONTROLS, *BESIDE), draws)
    gap = known[SETTING, s1.RECOMMENDED, s1.GAP]
    used = gap.sizes >= FIRST
    bias = known.get((SETTING, s1.LITERAL, s1.BIAS))
    return Convergence(
        n_worlds=len(gap.values),
        sizes=tuple(gap.sizes[used].tolist()),
        recommended=slopes[s1.RECOMMENDED],
        controls={name: slopes[name] for name in s1.CONTROLS},
        beside={name: slopes[name] for name in BESIDE},
        first=float(gap.mean[used][0]),
        last=float(gap.mean[-1]),
        literal_bias=np.nan if bias is None else float(bias.mean[0]),
    )


def slopes_of(known: Curves, setting: str, methods: Iterable[str], draws: int) -> dict[str, np.ndarray]:
    """Resample the slopes of some methods' gaps in one setting."""
    return resampled_slopes({name: known[setting, name, s1.GAP] for name in methods}, draws)


def _controls(found: Convergence) -> list[Control | None]:
    strongest = control(
        "strongest",
        "control that falls fastest",
        Measure.of(found.strongest),
        "The verdict is against this one.",
    )
    others = [
        control(name.replace(" ", "-"), LABELS.get(name, name), Measure.of(draws), MEANINGS[name])
        for name, draws in (*found.controls.items(), *found.beside.items())
    ]
    return [strongest, *others]


def _statement(found: Convergence) -> str:
    first, last = found.sizes[0], found.sizes[-1]
    told = (
        f"In {found.n_worlds} simulated worlds the median gap between kernel regression and exact Bayes goes "
        f"from {found.first:.2f} at n = {first} to {found.last:.3f} at n = {last:,}, with slope "
        f"{found.recommended[0]:.2f} where theory says {PREDICTED}."
    )
    if np.isnan(found.literal_bias):
        return told
    return f"{told} The formula as printed keeps a bias of {found.literal_bias:.2f} for ever."
