"""How often demonstrations leave a class out (protocol structured_tasks P4).

Demonstrations are drawn independently, so these are the numbers of the multinomial distribution; a pool of
some hundred texts drawn without replacement differs from them in the third digit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import poisson


def absent(shares: ArrayLike, n: int) -> np.ndarray:
    """Probability that a class is not among n demonstrations.

    Args:
        shares: (class,), adding up to 1.
        n: Number of demonstrations.

    Returns:
        float64 (class,).

    Raises:
        ValueError: If shares are no probabilities, or n is negative.
    """
    return (1 - _checked(shares, n)) ** n


def covered(shares: ArrayLike, n: int) -> float:
    """Probability that every class is among n demonstrations.

    The counts of independent Poisson numbers given their sum are multinomial, so the answer is the
    probability that such numbers are all positive and add up to n, over that of adding up to n: a product
    of short polynomials with no term below zero, and therefore with no loss of digits.

    Args:
        shares: (class,), adding up to 1.
        n: Number of demonstrations.

    Raises:
        ValueError: If shares are no probabilities, or n is negative.
    """
    p = _checked(shares, n)
    if n < len(p):
        return 0.0
    counts = np.arange(n + 1)
    total = np.array([1.0])
    for share in p:
        positive = poisson.pmf(counts, share * n)
        positive[0] = 0.0
        total = np.convolve(total, positive)[: n + 1]
    return float(min(total[n] / poisson.pmf(n, n), 1.0))


def _checked(shares: ArrayLike, n: int) -> np.ndarray:
    p = np.asarray(shares, float)
    if p.ndim != 1 or (p < 0).any() or abs(p.sum() - 1) > 1e-9 or n < 0:
        raise ValueError("coverage needs shares that add up to 1 and a number of draws that is not negative")
    return p
