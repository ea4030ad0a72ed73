"""Which weights a task concerns, as the parameters ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taskscope.errors import StudyError
from taskscope.models import gradients

if TYPE_CHECKING:
    from taskscope.models.contrasts import Contrasts
    from taskscope.models.gradients import Gradient, Mask
    from taskscope.models.language_model import LanguageModel
    from taskscope.studies.task_spaces.params import ProbeParams

_PARTS = 8
"""Parts of the pairs over which the standard error of a gradient is taken."""


def choose(model: LanguageModel, pairs: Contrasts, gradient: Gradient, params: ProbeParams) -> Mask:
    """Choose weights by `params.mask`.

    Raises:
        StudyError: If none is chosen.
    """
    chosen = _any_mask(model, pairs, gradient, params)
    if not any(kept.any() for kept in chosen.values()):
        value = params.threshold if params.mask == "threshold" else params.z
        raise StudyError(
            f"mask={params.mask} at {value:g}, which chooses no weight",
            "a bound that some weights are above",
            "--set mask=density, which always chooses some",
        )
    return chosen


def _any_mask(model: LanguageModel, pairs: Contrasts, gradient: Gradient, params: ProbeParams) -> Mask:
    if params.mask == "density":
        return gradients.densest(gradient, params.density)
    if params.mask == "threshold":
        return gradients.above(gradient, params.threshold)
    n = min(_PARTS, len(pairs))
    parts = [pairs.some(part) for part in np.array_split(np.arange(len(pairs)), n)]
    return gradients.significant([gradients.margin(model.executor, p)[0] for p in parts], params.z)
