"""One law: what it predicts, how compute is best spent under it, and what it says of learning skills jointly.

The excess loss is the part above the irreducible loss E, which stands for the entropy of the text: the only
part that a model can take away (protocol skill_emergence, 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

Array = np.ndarray

FLOP_PER_PAIR = 6
"""Training costs about this many FLOP for each parameter and token."""
TOKENS_PER_PARAMETER = 20
"""Tokens for each parameter when both are scaled together, as for Chinchilla."""


class Allocation(NamedTuple):
    """How a number of FLOP is spent; arrays of one shape."""

    parameters: Array
    tokens: Array


@dataclass(frozen=True)
class ScalingLaw:
    """L(N, D) = irreducible + size_factor / N^size_exponent + data_factor / D^data_exponent, in nats."""

    irreducible: float
    """E: the loss that neither parameters nor tokens take away."""
    size_factor: float
    """A."""
    data_factor: float
    """B."""
    size_exponent: float
    """alpha."""
    data_exponent: float
    """beta."""

    def loss(self, parameters: ArrayLike, tokens: ArrayLike) -> Array:
        """Predict the loss for parameters and tokens, broadcast against each other."""
        return self.irreducible + self.excess(parameters, tokens)

    def excess(self, parameters: ArrayLike, tokens: ArrayLike) -> Array:
        """Loss above the irreducible one, for parameters and tokens, broadcast against each other."""
        by_size = self.size_factor * np.asarray(parameters, float) ** -self.size_exponent
        return by_size + self.data_factor * np.asarray(tokens, float) ** -self.data_exponent

    def joint_excess(self, tokens: ArrayLike, tokens_per_parameter: float = TOKENS_PER_PARAMETER) -> Array:
        """Excess loss when the model grows with its data, N = D / `tokens_per_parameter`."""
        tokens = np.asarray(tokens, float)
        return self.excess(tokens / tokens_per_parameter, tokens)

    @property
    def optimal_exponent(self) -> float:
        """Power of the compute with which the best model size grows: beta / (alpha + beta)."""
        return self.data_exponent / (self.size_exponent + self.data_exponent)

    def best_allocation(self, flop: ArrayLike) -> Allocation:
        """Spend FLOP = 6 N D so that the loss is lowest.

        Args:
            flop: Training compute, any shape.
        """
        pairs = np.asarray(flop, float) / FLOP_PER_PAIR
        ratio = self.size_exponent * self.size_factor / (self.data_exponent * self.data_factor)
        scale = ratio ** (1 / (self.size_exponent + self.data_exponent))
        parameters = scale * pairs**self.optimal_exponent
        return Allocation(parameters, pairs / parameters)

    def tokens_to_halve(self) -> float:
        """By how much the tokens must grow to halve the excess that the amount of data causes."""
        return 2 ** (1 / self.data_exponent)

    def cost_of_separate_skills(self, n_skills: float) -> float:
        """By how much the data's excess would be larger if each skill were learned from its own share.

        With D tokens split over S skills each learns from D / S, so the term B / D^beta is S^beta times as
        large; to make up for it, S times as many tokens would be needed.
        """
        return n_skills**self.data_exponent

    def reachable_tuple(self, before: float, after: float) -> float:
        """Size of the tuples that a model of `after` tokens handles as one of `before` handles single skills.

        The ratio of the excess losses, parameters growing in proportion, mistakes in proportion to the excess
        (Corollary 13).
        """
        return float(self.joint_excess(before) / self.joint_excess(after))
