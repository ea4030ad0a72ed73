"""Tuning a few of a model's weights on one task, and handing back the change instead of a changed model.

Fine-tuning by gradient differences (protocol task_spaces 2.4): Adam on the masked gradient of the margin,
with moments for the kept weights alone; the others are never written to. The plain objective is the
comparison: ordinary training on the good sentences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from taskscope.errors import ModelError
from taskscope.models.contrasts import Contrasts
from taskscope.models.deltas import Delta, restore
from taskscope.models.execution import Executor
from taskscope.models.gradients import Gradient, Mask

Objective = Callable[[Executor, Contrasts], tuple[Gradient, np.ndarray]]
"""`gradients.margin` or `gradients.plain`: what is climbed, and what each pair scores before the step."""

BETAS = (0.9, 0.999)
TINY = 1e-8


@dataclass(frozen=True)
class Budget:
    """How long to tune, and how fast."""

    steps: int
    """At most."""
    fewest: int
    """At least, so that a task at its ceiling gets a change too."""
    batch: int
    """Pairs of one step."""
    rate: float
    """Learning rate of Adam, constant; no weight decay."""
    strength: float
    """Stop once the mean score of a batch has gained this many standard deviations of the scores at first."""


@dataclass(frozen=True)
class Tuned:
    """What came of tuning."""

    delta: Delta
    steps: int
    gained: float
    """Mean score of the last batch less that of the same pairs at first, nats, before the last step."""


def tune(
    executor: Executor,
    pairs: Contrasts,
    objective: Objective,
    mask: Mask,
    budget: Budget,
    first: np.ndarray,
    rng: np.random.Generator,
) -> Tuned:
    """Tune the weights that a mask keeps; the model itself is left as it was, bit for bit.

    Args:
        executor: Runs the passes.
        pairs: What to learn.
        objective: What to climb.
        mask: Which weights may change.
        budget: How long.
        first: (pair,) what each pair scores under the unchanged weights.
        rng: Source of the order of pairs.

    Raises:
        ModelError: If weights are shorter than float32, where small steps would be lost in rounding, or
            scores are no numbers any more.
    """
    parameters = dict(executor.hf.named_parameters())
    if any(torch.finfo(parameter.dtype).bits < 32 for parameter in parameters.values()):
        raise ModelError(f"weights in {executor.hf.dtype}", "float32", "--dtype float32")
    index = {name: kept.flatten().nonzero()[:, 0] for name, kept in mask.items()}
    index = {name: places for name, places in index.items() if len(places)}
    before = {name: (places, parameters[name].view(-1)[places]) for name, places in index.items()}
    moments = {name: (torch.zeros_like(old), torch.zeros_like(old)) for name, (_, old) in before.items()}
    goal = budget.strength * float(first.std())
    step, gained, order = 0, 0.0, np.zeros(0, dtype=np.int64)
    try:
        while step < budget.steps:
            if len(order) < min(budget.batch, len(pairs)):
                order = np.concatenate([order, rng.permutation(len(pairs))])
            batch, order = order[: budget.batch], order[budget.batch :]
            gradient, scores = objective(executor, pairs.some(batch))
            gained = float(scores.mean() - first[batch].mean())
            if not np.isfinite(gained):
                raise ModelError(
                    f"after {step} steps of tuning the scores are {gained}",
                    "steps small enough for scores to stay numbers",
                    f"a learning rate below {budget.rate:g}",
                )
            if step >= budget.fewest and gained >= goal:
                break
            step += 1
            _climb(parameters, gradient, index, moments, budget.rate, step)
        added = {name: parameters[name].view(-1)[places] - before[name][1] for name, places in index.items()}
    finally:
        restore(parameters, before)
    kept = {name: mask[name] for name in index}
    return Tuned(Delta.of(kept, added), step, gained)


@torch.no_grad()
def _climb(
    parameters: dict[str, Tensor],
    gradient: Gradient,
    index: dict[str, Tensor],
    moments: dict[str, tuple[Tensor, Tensor]],
    rate: float,
    step: int,
) -> None:
    """Take one step of Adam uphill, on the kept weights alone."""
    for name, places in index.items():
        slope = gradient[name].view(-1)[places]
        mean, square = moments[name]
        mean.lerp_(slope, 1 - BETAS[0])
        square.lerp_(slope * slope, 1 - BETAS[1])
        corrected = square / (1 - BETAS[1] ** step)
        move = rate / (1 - BETAS[0] ** step) * mean / (corrected.sqrt() + TINY)
        parameters[name].view(-1)[places] += move
