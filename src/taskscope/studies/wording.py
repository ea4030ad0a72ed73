"""How measures are put into words and controls, in the findings of every study."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from taskscope.report.findings import Account, Control, Finding, Interval
from taskscope.studies.judgement import Judgement, Measure


def finding(
    account: Account,
    number_of_claim: str,
    model: str,
    judgement: Judgement,
    *,
    statement: str,
    quantity: str,
    measure: Measure | None,
    n: int,
    unit: str,
    controls: Iterable[Control | None],
) -> Finding:
    """Put a judgement on a claim into a finding; without a measure nothing could be measured.

    Args:
        account: Whose claim.
        number_of_claim: As the account numbers it: ``C3``.
        model: Label of the model.
        judgement: Verdict and reason.
        statement: What was found, in a sentence.
        quantity: What the estimate is of.
        measure: The estimate.
        n: Independent units behind it.
        unit: What they are.
        controls: One of them named ``strongest``; those without a value are left out.
    """
    claim = next(claim for claim in account.claims if claim.number == number_of_claim)
    return Finding(
        study=account.name,
        claim=claim.number,
        title=claim.title,
        model=model,
        statement=statement,
        quantity=quantity,
        estimate=None if measure is None else number(measure.value),
        interval=None if measure is None else interval(measure),
        n=n,
        unit=unit,
        controls=() if measure is None else tuple(each for each in controls if each is not None),
        strongest="" if measure is None else "strongest",
        published=claim.published,
        verdict=judgement.verdict,
        reason=judgement.reason,
    )


def control(name: str, label: str, measure: Measure, meaning: str) -> Control | None:
    """Make a control; None where its share has no value because the demonstrations gain nothing."""
    value = number(measure.value)
    if value is None:
        return None
    return Control(name=name, label=label, estimate=value, interval=interval(measure), meaning=meaning)


def percent(share: float) -> str:
    """Print a share: ``40 %``."""
    return f"{100 * share:.0f} %"


def number(value: float) -> float | None:
    """Round to 6 significant digits; None where there is no number, which JSON could not say."""
    return float(f"{value:.6g}") + 0.0 if np.isfinite(value) else None


def interval(measure: Measure) -> Interval | None:
    """Return the 95 % interval; None where an end has no number."""
    low, high = number(measure.low), number(measure.high)
    return None if low is None or high is None else Interval(low=low, high=high)
