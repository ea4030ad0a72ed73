"""From excess loss to the share of wrong answers: four readings of the same sentence (protocol 2).

Only the linear one keeps "half the excess, half the mistakes", on which the growth of tuples with scale
rests; under the two bounds of Pinsker mistakes shrink with the root of the excess.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from taskscope.errors import TaskscopeError, nearest
from taskscope.theory.skill_graph.domain import Array

_SHAPES: dict[str, Callable[[Array], Array]] = {
    "exact01": lambda excess: -np.expm1(-excess),
    "linear": lambda excess: excess,
    "pinsker_L1": lambda excess: np.sqrt(2 * excess),
    "pinsker_TV": lambda excess: np.sqrt(excess / 2),
}
_INVERSES: dict[str, Callable[[float], float]] = {
    "exact01": lambda wrong: -float(np.log1p(-wrong)),
    "linear": lambda wrong: wrong,
    "pinsker_L1": lambda wrong: wrong**2 / 2,
    "pinsker_TV": lambda wrong: 2 * wrong**2,
}
MEANINGS = {
    "exact01": "the answer is certain in the text and the model draws its own: 1 - exp(-excess)",
    "linear": "mistakes in proportion to the excess",
    "pinsker_L1": "bound of Pinsker on the sum of differences, as the paper states it: sqrt(2 excess)",
    "pinsker_TV": "bound of Pinsker on the total variation: sqrt(excess / 2)",
}
LINKS = tuple(_SHAPES)


def error(excess: ArrayLike, link: str = "linear", slope: float = 1.0) -> Array:
    """Share of wrong answers at an excess loss.

    Args:
        excess: Loss above the entropy of the text, nats, any shape.
        link: One of `LINKS`.
        slope: What the excess is multiplied by before, the constant that turns nats per token into nats per
            question; there is no universal one.

    Returns:
        Shares of the same shape, at most 1.

    Raises:
        TaskscopeError: If the excess is negative, the slope not above 0, or the link unknown.
    """
    values = np.asarray(excess, float)
    _known(link)
    if not (values >= 0).all() or not slope > 0:
        raise TaskscopeError(
            f"excess {np.min(values):g} nats with the slope {slope:g}",
            "an excess of 0 or more and a slope above 0",
            "the loss less the irreducible loss of the law",
        )
    return np.minimum(1.0, _SHAPES[link](slope * values))


def slope_through(excess: float, wrong: float, link: str = "linear") -> float:
    """Slope under which a link gives a share of wrong answers at an excess loss.

    Raises:
        TaskscopeError: If the excess is not above 0, the share not between 0 and 1, or the link unknown.
    """
    _known(link)
    if not (excess > 0 and 0 < wrong < 1):
        raise TaskscopeError(
            f"a share of {wrong:g} wrong at an excess of {excess:g} nats",
            "a share between 0 and 1 and an excess above 0",
            "0.1 at the excess of a model whose mistakes were counted",
        )
    return _INVERSES[link](wrong) / excess


def _known(link: str) -> None:
    if link not in _SHAPES:
        raise TaskscopeError(f"link {link!r}", f"one of {', '.join(LINKS)}", nearest(link, LINKS))
