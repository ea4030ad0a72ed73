"""What the arguments of every formula must be, said once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from taskscope.errors import TaskscopeError

Array = np.ndarray

MEANINGS = {
    "theta": "the share of texts that the model fails on",
    "alpha": "the share of skills that are left out",
    "k": "the number of skills of a text",
    "t": "the number of skills that are used together",
    "competence": "the share of texts that a model gets right",
}
_EXAMPLES = {"theta": "0.1", "alpha": "0.2", "k": "8", "t": "2", "competence": "0.7"}


def share(name: str, value: ArrayLike) -> Array:
    """Return shares as an array, any shape.

    Raises:
        TaskscopeError: If one is not between 0 and 1, both excluded.
    """
    return _checked(name, value, lambda v: (v > 0) & (v < 1), "between 0 and 1, both excluded")


def at_least_one(name: str, value: ArrayLike) -> Array:
    """Return counts as an array, any shape; parts of one are allowed, since k may be a mean.

    Raises:
        TaskscopeError: If one is below 1.
    """
    return _checked(name, value, lambda v: (v >= 1) & np.isfinite(v), "1 or more")


def whole(name: str, n: int, part: float) -> int:
    """Return how many of n a share of them is.

    Raises:
        TaskscopeError: If that is none of them or all, so that the share says nothing about n.
    """
    count = round(n * part)
    if not 0 < count < n:
        raise TaskscopeError(
            f"{name} = {part:g} of {n}",
            f"{MEANINGS[name]}: at least one of {n}, and not all",
            "a larger graph, or another share",
        )
    return count


def _checked(name: str, value: ArrayLike, allowed: Callable[[Array], Array], expected: str) -> Array:
    values = np.asarray(value, float)
    good = allowed(values)
    if not good.all():
        first = values[~good].flat[0] if values.ndim else values
        raise TaskscopeError(
            f"{name} = {float(first):g}", f"{MEANINGS[name]}, {expected}", f"for example {_EXAMPLES[name]}"
        )
    return values
