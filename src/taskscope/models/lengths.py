"""Whether a class agrees with itself on prompts longer than those of the checks made at load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from taskscope.errors import ModelError
from taskscope.models.batching import is_out_of_memory, out_of_memory
from taskscope.models.comparison import (
    largest_difference,
    plain_logprobs,
    rounding,
    sample_prompts,
    spread_targets,
)

CHECKED_AT_LOAD = 7
"""Tokens of the longest prompt of `selfcheck`."""
NAME = "long prompts"
ADVICE = "results on long prompts are wrong in this version of transformers: use another, or shorter prompts"


@dataclass(frozen=True)
class Finding:
    """How far what follows a prompt changes its prediction, in nats."""

    length: int
    difference: float
    limit: float
    """Largest difference that counts as rounding."""

    @property
    def passed(self) -> bool:
        """Whether the difference is rounding."""
        return self.difference <= self.limit

    def __str__(self) -> str:
        return (
            f"in {self.length} tokens, what follows changes a prediction by {self.difference:.1e} nats "
            f"(of {self.limit:.1e})"
        )


def agreement(hf: Any, length: int) -> Finding:
    """Compare predictions in the middle and near the end of a long text with those of the text cut there.

    Classes that work through a prompt in chunks can be right in the first chunk and wrong, or stop with an
    error, beyond it.
    """
    tokens, targets = sample_prompts(hf, (length,))[0], spread_targets(hf)
    cuts = [length // 2 + 1, length - 1]
    with torch.no_grad():
        alone = [plain_logprobs(hf, tokens[:n], n, targets) for n in cuts]
        within = [plain_logprobs(hf, tokens, n, targets, masked=True) for n in cuts]
    difference = max(map(largest_difference, alone, within))
    return Finding(length, difference, rounding(hf, np.array(alone)))


class Lengths:
    """Checks a model once for every doubling of the prompts it is given, when they first come.

    Not at load, where prompts of every possible length would cost more than most runs.
    """

    def __init__(self, hf: Any, context: int) -> None:
        self.hf, self.context = hf, context
        self.sound = CHECKED_AT_LOAD

    def reach(self, depth: int) -> None:
        """Make sure that prompts of a length can be trusted.

        Raises:
            ModelError: If the class fails on prompts that long, disagrees with itself, or memory runs out.
        """
        if depth <= self.sound:
            return
        doubled = 1 << (depth - 1).bit_length()
        # Some classes cannot take all of their context: what was not asked for is not tried there.
        longest = min(doubled, max(depth, self.context // 2))
        # Where memory is short, no more is asked than the prompts themselves will take.
        length = self._agrees(longest) or self._agrees(depth)
        if not length:
            raise out_of_memory(depth)
        self.sound = length

    def _agrees(self, length: int) -> int:
        """Return a length that can be trusted, or 0 where memory did not suffice to know."""
        try:
            found = agreement(self.hf, length)
        except (RuntimeError, ValueError, TypeError, AttributeError, IndexError) as error:
            if is_out_of_memory(error):
                return 0
            raise self._refused(f"{length} tokens fail with {type(error).__name__}: {error}") from error
        if not found.passed:
            raise self._refused(str(found))
        return length

    def _refused(self, detail: str) -> ModelError:
        return ModelError(
            f"{type(self.hf).__name__} fails the check '{NAME}': {detail}",
            f"a class that is right on prompts of more than {self.sound} tokens",
            ADVICE,
        )
