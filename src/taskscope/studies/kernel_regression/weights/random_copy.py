"""A model of the same make with random weights: where attention goes that nobody trained (M12c)."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import torch

from taskscope.models.blocks import locate

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

LARGEST = 2_000_000_000
"""Parameters above which no second model is made: it may not fit beside the first."""


def random_copy(model: LanguageModel, rng: np.random.Generator) -> LanguageModel | None:
    """Make a model of the same class and configuration, its weights as before any training.

    Returns:
        None for a model of more than `LARGEST` parameters.
    """
    if sum(weight.numel() for weight in model.hf.parameters()) > LARGEST:
        return None
    with torch.random.fork_rng():
        torch.manual_seed(int(rng.integers(2**31)))
        hf = type(model.hf)(copy.deepcopy(model.hf.config))
    hf = hf.to(device=model.device, dtype=model.hf.dtype)
    blocks = None if model.spec is None else model.spec.blocks
    id_ = f"{model.id} with random weights"
    return type(model)(hf, model.tokenizer, None, locate(hf, blocks), id_, model.label, model.route)
