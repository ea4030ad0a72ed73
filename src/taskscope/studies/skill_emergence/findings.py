"""From simulated rows to the findings on claims 5 and 6."""

from __future__ import annotations

import numpy as np

from taskscope.report.findings import Control, Finding
from taskscope.studies.judgement import Measure
from taskscope.studies.skill_emergence.claims import ACCOUNT
from taskscope.studies.skill_emergence.emergence import LINEAR, ROOT, START
from taskscope.studies.skill_emergence.grids import Adversaries, Emergence
from taskscope.studies.skill_emergence.rows import CHANCE, CLUSTERED, WORST
from taskscope.studies.skill_emergence.verdict import (
    END,
    Violations,
    growth,
    judge_growth,
    judge_theorem,
    measure,
)
from taskscope.studies.wording import control, finding

SUBJECT = "simulations"
"""What findings are about, where others name a model."""


def theorem(adversaries: tuple[Adversaries, ...]) -> Finding:
    """Judge claim 5."""
    random = Violations.of(adversaries, WORST)
    broken, chance = (Violations.of(adversaries, kind) for kind in (CLUSTERED, CHANCE))
    controls: list[Control | None] = []
    if broken.n:
        controls.append(
            control(
                "strongest",
                CLUSTERED,
                broken.share,
                "The same adversary where the skills of a text come from one cluster: the theorem's "
                "assumption is broken, and its bound with it.",
            )
        )
    controls.append(
        control(
            "chance",
            CHANCE,
            chance.share,
            "As many texts fail, but nobody chose them; the worst skills are picked afterwards. No control.",
        )
    )
    return finding(
        ACCOUNT,
        "5",
        SUBJECT,
        judge_theorem(adversaries),
        statement=_theorem_told(adversaries),
        quantity="share of graphs past the certified bound",
        measure=random.share if random.n else None,
        n=random.n,
        unit="random graphs",
        controls=controls,
    )


def tuples(found: Emergence) -> Finding:
    """Judge claim 6."""
    grown, control_ = growth(found, LINEAR), growth(found, ROOT)
    n = 0 if grown is None else len(grown)
    return finding(
        ACCOUNT,
        "6",
        SUBJECT,
        judge_growth(found),
        statement=_tuples_told(grown, found),
        quantity="growth of the sets handled at equal competence, per decade of tokens",
        measure=None if grown is None or n < 2 else measure(grown),
        n=n,
        unit="simulated worlds",
        controls=[
            None
            if control_ is None or len(control_) < 2
            else control(
                "strongest",
                "mistakes with the root of the excess",
                measure(control_),
                "The same worlds under Pinsker's link: what scale would bring if half the excess loss left "
                "seven tenths of the mistakes.",
            ),
            None if n < 2 else control("guarantee", "guaranteed", _guaranteed(found), _GUARANTEED),
        ],
    )


_GUARANTEED = "The ratio of the excess losses, which the theorem guarantees whatever fails. No control."


def _guaranteed(found: Emergence) -> Measure:
    theta = found.theta[LINEAR]
    ratio = theta[found.tokens.index(START)] / theta[found.tokens.index(END)]
    value = float(ratio ** (1 / np.log10(END / START)))
    return Measure(value, value, value)


def _theorem_told(adversaries: tuple[Adversaries, ...]) -> str:
    judged = [each for each in adversaries if WORST in each.beta]
    if not judged:
        return "No random graph was simulated."
    nearest = max(judged, key=lambda each: float(each.beta[WORST].max() / each.certified))
    worst = float(nearest.beta[WORST].max())
    return (
        f"Whatever fails, failures gather on skills less than the theorem allows: at worst {worst:.2f} times "
        f"the average against {nearest.certified:.2f} certified ({nearest.name})."
    )


def _tuples_told(grown: np.ndarray | None, found: Emergence) -> str:
    if grown is None:
        return "Emergence along the law was not simulated."
    decades = round(np.log10(END / START))
    return (
        f"After {decades} decades of scale about {measure(grown).value ** decades:.0f} skills at once are "
        f"handled as single skills were before, on the worst fifth; "
        f"{_guaranteed(found).value ** decades:.1f} are guaranteed."
    )
