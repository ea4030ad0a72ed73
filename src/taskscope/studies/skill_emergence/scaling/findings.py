"""The rules by which claims 1 and 2 are judged on losses, and their findings. Intervals are 95 %.

The law L = E + A / N^alpha + B / D^beta is fitted to finished trainings. Trainings are resampled.

**1, loss is entropy plus excess.** The estimate is the floor E. The control: the floor that the same fit
finds in losses that have none, those of the best law with E = 0 with noise as large as here.

- inconclusive by rule: fewer than ten trainings, or sizes or tokens that span less than a decade.
- supported: the floor lies above the control, intervals included, and below the lowest loss.
- contradicted: it does not, and is clearly below a tenth of the lowest loss: hardly anything of the loss is
  out of reach.
- inconclusive otherwise.

**2, ten times halves the excess.** The estimate is the excess before over that after ten times the size and
the tokens. The control: ten times the tokens alone.

- inconclusive by rule: as above.
- supported: the factor lies above the control and above the root of two, intervals included, and is not
  clearly below two.
- contradicted: it is clearly below two.
- inconclusive otherwise.
"""

from __future__ import annotations

from taskscope.report.findings import Finding, Verdict
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.skill_emergence.claims import ACCOUNT
from taskscope.studies.skill_emergence.scaling.estimates import Estimates
from taskscope.studies.wording import control, finding

FEWEST = 10
"""Trainings below which intervals over them mean little."""
NARROWEST = 1.0
"""Decades of size, and of tokens."""
HALVED, ROOT = 2.0, 2**0.5
SMALL = 0.1
"""Floor over the lowest loss below which nearly all of the loss can fall."""


def floor(found: Estimates) -> Finding:
    """Judge claim 1."""
    at = Measure.of(found.floor)
    return finding(
        ACCOUNT,
        "1",
        subject(found),
        judge_floor(found),
        statement=f"The law that fits {found.losses.n_trainings} trainings best falls towards "
        f"{at.value:.2f}, where the lowest loss is {found.lowest:.2f}; without a floor it is off by "
        f"{found.without_floor:.2%} and not by {found.residual:.2%}.",
        quantity="floor of the loss",
        measure=at,
        n=found.losses.n_trainings,
        unit="trainings",
        controls=[
            control(
                "strongest",
                "losses without a floor",
                found.null,
                "The floor that the same fit finds where there is none and the noise is as large.",
            )
        ],
    )


def halving(found: Estimates) -> Finding:
    """Judge claim 2."""
    at = Measure.of(found.together)
    return finding(
        ACCOUNT,
        "2",
        subject(found),
        judge_halving(found),
        statement=f"Ten times the size and the tokens divide the excess loss by {at.value:.2f}; ten times "
        f"the tokens alone by {found.tokens_alone[0]:.2f}.",
        quantity="excess loss before over after ten times the scale",
        measure=at,
        n=found.losses.n_trainings,
        unit="trainings",
        controls=[
            control(
                "strongest",
                "ten times the tokens alone",
                Measure.of(found.tokens_alone),
                "What more data bring to a model that does not grow.",
            ),
            control(
                "size",
                "ten times the size alone",
                Measure.of(found.size_alone),
                "What a larger model brings on the same data. No control.",
            ),
        ],
    )


def judge_floor(found: Estimates) -> Judgement:
    """Judge whether a part of the loss is out of reach."""
    if (too_little := _too_little(found)) is not None:
        return too_little
    at, null = Measure.of(found.floor), found.null
    told = f"The floor is {at.value:.2f} ({at.low:.2f} to {at.high:.2f}), {null.high:.2f} at most without one"
    if at.low > null.high and at.high < found.lowest:
        return Judgement(Verdict.SUPPORTED, f"{told}.")
    if at.low <= null.high and at.high < SMALL * found.lowest:
        return Judgement(Verdict.CONTRADICTED, f"{told}: nearly all of the loss can fall.")
    return Judgement(Verdict.INCONCLUSIVE, f"{told}: the losses are too far above it to tell.")


def judge_halving(found: Estimates) -> Judgement:
    """Judge whether ten times the scale halves the excess."""
    if (too_little := _too_little(found)) is not None:
        return too_little
    at, alone = Measure.of(found.together), Measure.of(found.tokens_alone)
    told = (
        f"The excess shrinks {at.value:.2f} times ({at.low:.2f} to {at.high:.2f}) with ten times of both, "
        f"{alone.value:.2f} times with the tokens alone"
    )
    if at.high < HALVED:
        return Judgement(Verdict.CONTRADICTED, f"{told}: clearly less than half is taken away.")
    if at.low > max(ROOT, alone.high):
        return Judgement(Verdict.SUPPORTED, f"{told}.")
    return Judgement(Verdict.INCONCLUSIVE, f"{told}: too uncertain to call it half.")


def subject(found: Estimates) -> str:
    """Name whose losses they are."""
    return f"losses of {found.losses.source}"


def _too_little(found: Estimates) -> Judgement | None:
    """Say why losses cannot be judged; None if they can."""
    sizes, tokens = found.decades
    if found.losses.n_trainings < FEWEST:
        return Judgement(
            Verdict.INCONCLUSIVE,
            f"Milestones of {found.losses.n_trainings} trainings, which share their noise and were not "
            f"trained to an end; {FEWEST} finished trainings are needed.",
        )
    if min(sizes, tokens) < NARROWEST:
        return Judgement(
            Verdict.INCONCLUSIVE, f"Sizes span {sizes:.1f} decades, tokens {tokens:.1f}: one is needed."
        )
    return None
