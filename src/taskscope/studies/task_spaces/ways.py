"""Ways of tuning on one task: what is climbed, on which weights, and how far (protocol E1, 2.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from taskscope.models import gradients
from taskscope.models.contrasts import Contrasts
from taskscope.models.gradients import Gradient, Mask
from taskscope.models.tuning import Budget, Objective, Tuned, tune
from taskscope.studies.task_spaces.masks import choose
from taskscope.studies.task_spaces.params import (
    PLAIN,
    PLAIN_MASKED,
    REVERSED,
    SCATTERED,
    SHUFFLED,
    WHOLE,
    TuneParams,
)

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


@dataclass(frozen=True)
class Lesson:
    """What is learned, and from where: all that is worked out before the first step of tuning."""

    pairs: Contrasts
    """With good and bad exchanged where the way of tuning asks for it."""
    objective: Objective
    gradient: Gradient
    first: np.ndarray
    """(pair,) what each pair scores before."""
    mask: Mask


def lesson(
    model: LanguageModel, pairs: Contrasts, condition: str, params: TuneParams, rng: np.random.Generator
) -> Lesson:
    """Prepare tuning by one of `params.ALL_CONDITIONS`."""
    if condition == SHUFFLED:
        pairs = pairs.swapped(rng.random(len(pairs)) < 0.5)
    elif condition == REVERSED:
        pairs = pairs.swapped(np.ones(len(pairs), dtype=bool))
    objective = gradients.plain if condition in (PLAIN, PLAIN_MASKED) else gradients.margin
    gradient, first = objective(model.executor, pairs)
    if condition == PLAIN_MASKED:
        mask = choose(model, pairs, gradients.margin(model.executor, pairs)[0], params)
    elif condition in (PLAIN, WHOLE):
        mask = gradients.everything(gradient)
    else:
        mask = choose(model, pairs, gradient, params)
    if condition == SCATTERED:
        mask = gradients.scattered(mask, rng)
    return Lesson(pairs, objective, gradient, first, mask)


def tune_on(
    model: LanguageModel, pairs: Contrasts, condition: str, params: TuneParams, rng: np.random.Generator
) -> Tuned:
    """Tune by one of `params.ALL_CONDITIONS`."""
    return learn(model, lesson(model, pairs, condition, params, rng), params, rng)


def learn(model: LanguageModel, told: Lesson, params: TuneParams, rng: np.random.Generator) -> Tuned:
    """Tune as prepared."""
    size = sum(values.numel() for values in told.gradient.values())
    budget = Budget(
        steps=params.steps,
        fewest=min(params.fewest_steps, params.steps),
        batch=params.batch,
        rate=params.rate or _rate(size),
        strength=params.strength,
    )
    return tune(model.executor, told.pairs, told.objective, told.mask, budget, told.first, rng)


def _rate(size: int) -> float:
    """Choose a learning rate by the number of weights (protocol task_spaces 2.4, recommended)."""
    return 2e-3 if size < 10_000_000 else 3e-4 if size < 50_000_000 else 1e-4
