"""The rule by which claim 3 is judged on collages, and its finding. Intervals are 95 %, over trainings.

A classifier of all ten digits learns from all collages. The control: a detector for each digit, alike but
for its two answers, learns alone from a tenth of the collages, half of them labelled with its digit; together
they see as many collages and labels, for as many steps each. The estimate is the share of the digits of
unseen collages that are among the four highest.

- inconclusive by rule: fewer than three trainings either way; nothing learned together (not above the same
  after training on shuffled labels); or both find nearly every digit, above 99.5 %.
- supported: together more digits are found, intervals included.
- contradicted: together fewer are found, intervals included.
- inconclusive otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

from taskscope.report.findings import Finding, Verdict
from taskscope.studies.judgement import Judgement
from taskscope.studies.skill_emergence.claims import ACCOUNT
from taskscope.studies.skill_emergence.collage.findings import FEWEST
from taskscope.studies.skill_emergence.collage.rows import ONE_BY_ONE, SHUFFLED, TILES, Outcomes
from taskscope.studies.skill_emergence.verdict import measure
from taskscope.studies.wording import control, finding, percent

CEILING = 0.995
_MEANINGS = (
    (
        "strongest",
        ONE_BY_ONE,
        "A detector for each digit that learns alone from a tenth of the same collages.",
    ),
    ("shuffled", SHUFFLED, "All digits together, from labels that say nothing. No control."),
)


def judge(found: Mapping[str, Outcomes]) -> Judgement:
    """Judge claim 3."""
    wanted = (TILES, ONE_BY_ONE, SHUFFLED)
    if not set(wanted) <= set(found) or min(len(found[c].recall) for c in wanted) < FEWEST:
        return Judgement(Verdict.INCONCLUSIVE, f"Fewer than {FEWEST} trainings with their controls.")
    joint, alone, null = (measure(found[condition].recall) for condition in wanted)
    told = (
        f"Learned together, {percent(joint.value)} of the digits are found, {percent(alone.value)} where "
        "each is learned alone from its share of the collages"
    )
    if joint.low <= null.high:
        return Judgement(Verdict.INCONCLUSIVE, f"{told}: not clearly more than after shuffled labels.")
    if min(joint.value, alone.value) > CEILING:
        return Judgement(Verdict.INCONCLUSIVE, f"{told}: there is nothing left to gain.")
    if joint.low > alone.high:
        return Judgement(Verdict.SUPPORTED, f"{told}.")
    if joint.high < alone.low:
        return Judgement(Verdict.CONTRADICTED, f"{told}.")
    return Judgement(Verdict.INCONCLUSIVE, f"{told}: not clearly apart.")


def sharing(found: Mapping[str, Outcomes], subject: str) -> Finding:
    """Judge claim 3 and put it into words."""
    main, alone = found.get(TILES), found.get(ONE_BY_ONE)
    n = 0 if main is None else len(main.recall)
    return finding(
        ACCOUNT,
        "3",
        subject,
        judge(found),
        statement="Digits were not learned both together and one by one."
        if main is None or alone is None
        else f"From the same collages {percent(1 - float(main.recall.mean()))} of the digits are missed when "
        f"all are learned together, {percent(1 - float(alone.recall.mean()))} when each is learned alone.",
        quantity="share of the digits that are among the four highest classes",
        measure=None if main is None or n < 2 else measure(main.recall),
        n=n,
        unit="trainings",
        controls=[
            control(name, condition, measure(found[condition].recall), meaning)
            for name, condition, meaning in _MEANINGS
            if condition in found and len(found[condition].recall) > 1
        ],
    )
