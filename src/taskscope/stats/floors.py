"""How a distance shrinks with the number of examples: c n^-b + f, with a floor that it never falls below.

Theory gives b = 1/2 and no floor for exact Bayes; a fixed bandwidth or a wrong task leaves one (protocol
kernel_regression 2.7, M11).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray

EXPONENTS = np.linspace(0.05, 3.0, 119)
"""Tried in turn; level and floor are solved for at each."""
FEWEST_SIZES = 4
"""Sizes below which three numbers cannot be told."""


@dataclass(frozen=True)
class Floors:
    """Fitted curves, arrays (curve,)."""

    exponent: Array
    """b; the edge of `EXPONENTS` where the data do not say."""
    factor: Array
    """c, at least 0; 0 where nothing shrinks."""
    floor: Array
    """f, at least 0."""
    squares: Array
    """Sum of squares left."""


def slopes(n: Array, values: Array) -> Array:
    """Slope of log value on log n by least squares, (curve,); nan where a value is not above 0.

    Args:
        n: (size,) above 0, two or more different.
        values: (curve, size).
    """
    x = np.log(n) - np.log(n).mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(values > 0, np.log(values), np.nan)
    return logs @ x / (x @ x)


def fit_floors(n: Array, values: Array, *, floor: bool = True) -> Floors:
    """Fit c n^-b + f to each curve by least squares over sizes, c and f at least 0.

    Args:
        n: (size,) above 0, rising; at least `FEWEST_SIZES`.
        values: (curve, size).
        floor: False holds f at 0.

    Raises:
        ValueError: If there are too few sizes.
    """
    if len(n) < FEWEST_SIZES:
        raise ValueError(f"{len(n)} sizes; a curve with a floor needs {FEWEST_SIZES}")
    best = np.full((4, len(values)), np.inf)
    for exponent in EXPONENTS:
        power = np.asarray(n, float) ** -exponent
        tried = [_line(power, values), _level(power, values)] if floor else [_level(power, values)]
        if floor:
            flat = np.maximum(values.mean(axis=1), 0)
            tried.append((np.zeros(len(values)), flat, ((values - flat[:, None]) ** 2).sum(axis=1)))
        for factor, base, squares in tried:
            better = squares < best[3] * (1 - 1e-9)
            best[:, better] = np.stack([np.full_like(squares, exponent), factor, base, squares])[:, better]
    return Floors(*best)


def aic_of_floor(n: Array, values: Array) -> float:
    """Akaike's criterion of the curve with a floor less that without; below 0 speaks for the floor.

    Args:
        n: (size,).
        values: (size,).
    """
    squares = [float(fit_floors(n, values[None], floor=each).squares[0]) for each in (True, False)]
    tiny = 1e-12 * float((values**2).sum())
    with_floor, without = (max(each, tiny) for each in squares)
    return float(len(n) * (np.log(with_floor) - np.log(without)) + 2)


def _line(power: Array, values: Array) -> tuple[Array, Array, Array]:
    """Solve for factor and floor; infinite squares where one of them is below 0."""
    x, y = power - power.mean(), values - values.mean(axis=1, keepdims=True)
    factor = y @ x / (x @ x)
    base = values.mean(axis=1) - factor * power.mean()
    squares = ((values - factor[:, None] * power - base[:, None]) ** 2).sum(axis=1)
    return factor, base, np.where((factor >= 0) & (base >= 0), squares, np.inf)


def _level(power: Array, values: Array) -> tuple[Array, Array, Array]:
    """Solve for the factor alone."""
    factor = np.maximum(values @ power / (power @ power), 0)
    return factor, np.zeros_like(factor), ((values - factor[:, None] * power) ** 2).sum(axis=1)
