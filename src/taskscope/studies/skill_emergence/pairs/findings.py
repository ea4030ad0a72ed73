"""From pairs to the finding on claim 7: the rule, and its words. Intervals are 95 %.

Judged are pairs of skills that are there (the product of their single shares lies above 5 %, interval
included) and that the built-in models' training never showed together. The control: how often the answer of
both comes when only one of the two skills is asked for, the larger of the two shares.

- inconclusive by rule: there is no such pair, so that there is nothing to combine.
- supported: pairs are answered right more often than the control has it, intervals included, and not clearly
  less than half as often as the product of the single skills says.
- contradicted: clearly less than half as often, and not above the control.
- inconclusive otherwise.
"""

from __future__ import annotations

from taskscope.report.findings import Finding, Verdict
from taskscope.studies.judgement import Judgement
from taskscope.studies.skill_emergence.claims import ACCOUNT
from taskscope.studies.skill_emergence.pairs.resampling import FLOOR, ModelPairs, mean, over_half
from taskscope.studies.wording import control, finding, percent


def stimulus(found: ModelPairs) -> Finding:
    """Judge claim 7 for one model."""
    judged = found.judged
    return finding(
        ACCOUNT,
        "7",
        found.model,
        judge(found),
        statement=_told(found),
        quantity="share of right answers to two skills at once, of skills shown apart",
        measure=mean(judged, "both") if judged else None,
        n=sum(pair.grid.n_draws for pair in judged),
        unit="draws of demonstrations",
        controls=[]
        if not judged
        else [
            control(
                "strongest",
                "one of the two asked",
                mean(judged, found.control),
                "The answer of both, given where one skill alone is asked for: what comes without combining.",
            ),
            control(
                "product",
                "product of the single skills",
                mean(judged, "product"),
                "What skills would give that fail each on its own. No control.",
            ),
            control(
                "together",
                "pairs shown too",
                mean(judged, "together"),
                "The same questions where pairs stand among the demonstrations. No control.",
            ),
        ],
    )


def judge(found: ModelPairs) -> Judgement:
    """Judge whether skills are combined that were never seen together."""
    judged = found.judged
    if not judged:
        return Judgement(
            Verdict.INCONCLUSIVE,
            "There is nothing to combine: in no pair outside the built-in models' training texts are both "
            f"skills there (their product is not clearly above {percent(FLOOR)}).",
        )
    both, alone, product = (mean(judged, what) for what in ("both", found.control, "product"))
    half = over_half(judged)
    told = (
        f"{percent(both.value)} of pairs are right, {percent(product.value)} by the product of the single "
        f"skills, {percent(alone.value)} where one alone is asked for"
    )
    if both.low > alone.high and half.high >= 0:
        return Judgement(Verdict.SUPPORTED, f"{told}.")
    if half.high < 0 and both.low <= alone.high:
        return Judgement(Verdict.CONTRADICTED, f"{told}: the skills are there and are not combined.")
    if half.high < 0:
        return Judgement(
            Verdict.INCONCLUSIVE, f"{told}: some are combined, clearly less than half of what is foretold."
        )
    return Judgement(Verdict.INCONCLUSIVE, f"{told}: not clearly apart.")


def _told(found: ModelPairs) -> str:
    judged = found.judged
    if not judged:
        return "Of no pair outside the built-in models' training texts are both skills there."
    both, product = mean(judged, "both").value, mean(judged, "product").value
    return (
        f"Of {len(judged)} pairs outside the built-in models' training texts whose skills are there, "
        f"{percent(both)} are answered right; skills that fail each on its own would give {percent(product)}."
    )
