"""Sets of other heads to hold the best voters against."""

from __future__ import annotations

import numpy as np


def matched_in_blocks(top: np.ndarray, n_heads: int, n_sites: int, rng: np.random.Generator) -> np.ndarray:
    """Draw for each head another one of its block, different ones; from any block where none is left.

    Args:
        top: int (head,), numbers of heads, block by block.
        n_heads: Heads of a block.
        n_sites: Heads of all blocks.
        rng: Source of randomness.

    Returns:
        int (head,), none of them in `top`; fewer where there are not as many others.
    """
    free = set(range(n_sites)) - set(top.tolist())
    drawn: list[int] = []
    for site in top:
        start = site // n_heads * n_heads
        own = sorted(free & set(range(start, start + n_heads))) or sorted(free)
        if own:
            drawn.append(int(rng.choice(own)))
            free.remove(drawn[-1])
    return np.array(drawn, dtype=np.int64)


def matched_by_mass(top: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Find for each head the other one that looks at labels most nearly as much, different ones.

    Args:
        top: int (head,).
        mass: float (site,), attention on labels.

    Returns:
        int (head,), none of them in `top`; fewer where there are not as many others.
    """
    free = set(range(len(mass))) - set(top.tolist())
    drawn: list[int] = []
    for site in top:
        if free:
            nearest = min(sorted(free), key=lambda other: abs(mass[other] - mass[site]))
            drawn.append(nearest)
            free.remove(nearest)
    return np.array(drawn, dtype=np.int64)
