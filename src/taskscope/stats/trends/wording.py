"""What a trend rests on, in one sentence, and the words that qualify it (protocol inverse_scaling 6.2)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from taskscope.stats.trends.rule import Label, Rule, Uncertainty

Array = np.ndarray


class Change(NamedTuple):
    """Performance of the largest model less that of the smallest; below 0 is worse."""

    value: float
    low: float
    """Lower end of the 95 % interval over items and over the noise between models."""
    high: float


def say(
    label: Label, means: Array, uncertainty: Uncertainty, turns: tuple[int, ...], change: Change, rule: Rule
) -> str:
    """Say in one sentence what a label rests on.

    Args:
        label: What the rule decided.
        means: (model,), performance, smallest model first.
        uncertainty: Of (model, model) differences.
        turns: Places of trough and peak, in order of size.
        change: Of the largest model against the smallest.
        rule: The rule that decided.
    """
    first, last = f"{means[0]:.3g}", f"{means[-1]:.3g}"
    at = [f"{means[place]:.3g} at model {place + 1} of {len(means)}" for place in turns]
    size = f"{abs(change.value):.2f} (95 % interval of the change {change.low:+.2f} to {change.high:+.2f})"
    match label:
        case Label.U:
            path = f"falls from {first} to {at[0]} and rises to {last}"
        case Label.INVERTED_U:
            path = f"rises from {first} to {at[0]} and falls to {last}"
        case Label.WAVE:
            path = f"goes from {first} through {at[0]} and {at[1]} to {last}"
        case Label.INVERSE | Label.POSITIVE:
            verb = "falls" if label is Label.INVERSE else "rises"
            return (
                f"The {rule.measure} {verb} from {first} to {last}, by {size}, and no turn between is sure."
            )
        case Label.FLAT:
            return f"No two models differ in {rule.measure} by more than {rule.flat:g}, with 90 % confidence."
        case Label.UNDETERMINED:
            widest = float((np.abs(means[:, None] - means) + uncertainty.reach(rule.alpha)).max())
            return (
                f"No turn and no change from end to end of {rule.least:g} or more in {rule.measure} is sure, "
                f"yet two models may differ by {widest:.2f}, and flat means no more than {rule.flat:g}."
            )
    return f"The {rule.measure} {path}; each side is at least {rule.least:g} and passes its test."


def qualifiers(largest: float, high: float, rule: Rule) -> tuple[str, ...]:
    """Qualify where the largest model ends.

    Args:
        largest: Its performance.
        high: Upper end of the interval of that.
        rule: Holds the baseline, ceiling and floor, where there are any.
    """
    tests = {
        "below chance": rule.baseline is not None and high < rule.baseline,
        "ceiling": rule.ceiling is not None and largest >= rule.ceiling,
        "floor": rule.floor is not None and largest <= rule.floor,
    }
    return tuple(word for word, holds in tests.items() if holds)
