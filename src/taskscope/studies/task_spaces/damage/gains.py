"""How long a change of the weights may be so that it gains what another one gains, and no more."""

from __future__ import annotations

from collections.abc import Callable

from scipy.optimize import brentq

CLOSE = 0.02
"""Share of the gain by which two may differ and still count as the same."""
_MOST = 16
"""Lengths tried at most; each costs a pass over the pairs learned from."""


def alike(gain: float, goal: float) -> bool:
    """Whether a gain is as good as the goal."""
    return abs(gain - goal) <= CLOSE * goal


def length_for(gain: Callable[[float], float], whole: float, goal: float) -> tuple[float, float]:
    """Find the length at which a change gains the goal, by Brent's method between nothing and all of it.

    Brackets are halved where secants are slow, for gains may grow as any power of the length.

    Args:
        gain: Length, as a share of the change, to what is gained; nothing at 0.
        whole: What all of the change gains, above the goal.
        goal: What is to be gained, above 0.

    Returns:
        Of the lengths tried the one that came nearest, and what it gained; not `alike` where `gain` jumps.
    """
    tried = {1.0: whole}

    def over(length: float) -> float:
        if length == 0.0:
            return -goal
        if length not in tried:
            tried[length] = gain(length)
        # A root that is near enough ends the search.
        return 0.0 if alike(tried[length], goal) else tried[length] - goal

    if over(1.0) > 0:
        brentq(over, 0.0, 1.0, maxiter=_MOST, disp=False)
    length = min(tried, key=lambda each: abs(tried[each] - goal))
    return length, tried[length]
