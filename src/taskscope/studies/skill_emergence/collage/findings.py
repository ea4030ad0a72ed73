"""The rule by which claim 8 is judged, and its finding. Intervals are 95 %, over trainings.

The estimate is the share of test collages whose four digits are the four highest classes, for one digit
detector on all tiles, the stand-in for the pretrained vision model of the paper. The control is the same with
the labels shuffled over the collages, so that they say nothing of the digits.

- inconclusive by rule: fewer than three trainings, or no control.
- supported: more often than not (above 50 %, interval included) and above the control.
- contradicted: at or below the control, or below one in 84, what one known digit and three guesses give.
- inconclusive otherwise.

Whether a network that is not told where tiles are does the same is reported beside it and not judged: the
claim is that one label can be enough, not that it is for every network.
"""

from __future__ import annotations

from collections.abc import Mapping

from taskscope.report.findings import Finding, Verdict
from taskscope.studies.judgement import Judgement
from taskscope.studies.skill_emergence.claims import ACCOUNT
from taskscope.studies.skill_emergence.collage.kinds import STANDARD
from taskscope.studies.skill_emergence.collage.rows import NEVER_TOGETHER, PLAIN, SHUFFLED, TILES, Outcomes
from taskscope.studies.skill_emergence.verdict import measure
from taskscope.studies.wording import control, finding, percent

FEWEST = 3
GUESSED = STANDARD.one_known
"""Three of the other nine digits guessed."""


def judge(found: Mapping[str, Outcomes]) -> Judgement:
    """Judge claim 8."""
    if not {TILES, SHUFFLED} <= set(found) or min(len(found[c].exact) for c in (TILES, SHUFFLED)) < FEWEST:
        return Judgement(Verdict.INCONCLUSIVE, f"Fewer than {FEWEST} trainings with their control.")
    reached, null = measure(found[TILES].exact), measure(found[SHUFFLED].exact)
    told = (
        f"All four digits are on top for {percent(reached.value)} of unseen collages, {percent(null.value)} "
        "after training on shuffled labels"
    )
    if reached.low > max(0.5, null.high):
        if PLAIN in found:
            told += f"; a plain network reaches {percent(measure(found[PLAIN].exact).value)}"
        return Judgement(Verdict.SUPPORTED, f"{told}.")
    if reached.high < max(null.low, GUESSED) or reached.value <= null.value:
        return Judgement(Verdict.CONTRADICTED, f"{told}.")
    return Judgement(Verdict.INCONCLUSIVE, f"{told}: not clearly more often than not.")


def collages(found: Mapping[str, Outcomes], subject: str) -> Finding:
    """Judge claim 8 and put it into words."""
    main = found.get(TILES)
    n = 0 if main is None else len(main.exact)
    others = [
        control(name, condition, measure(found[condition].exact), meaning)
        for name, condition, meaning in (
            (
                "strongest",
                SHUFFLED,
                "The same training with labels that say nothing of the digits: what is on top by chance.",
            ),
            (
                "plain",
                PLAIN,
                "A network that is not told where the tiles are, trained alike. No control.",
            ),
            (
                "pairs",
                NEVER_TOGETHER,
                "Collages with pairs of digits that no training collage held. No control.",
            ),
        )
        if condition in found and len(found[condition].exact) > 1
    ]
    return finding(
        ACCOUNT,
        "8",
        subject,
        judge(found),
        statement=_told(main),
        quantity="share of collages whose four digits are the four highest classes",
        measure=None if main is None or n < 2 else measure(main.exact),
        n=n,
        unit="trainings",
        controls=others,
    )


def _told(main: Outcomes | None) -> str:
    if main is None:
        return "No classifier was trained on collages."
    return (
        f"Told one digit of each collage, the classifier finds {percent(float(main.recall.mean()))} of the "
        f"digits and all four in {percent(float(main.exact.mean()))} of collages; finding each on its own "
        f"would give {percent(float(main.product.mean()))}."
    )
