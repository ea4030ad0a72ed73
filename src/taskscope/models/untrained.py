"""A model of the same make that has learned nothing: what architecture and data alone would show.

Protocols kernel_regression M12c and task_spaces 6.
"""

from __future__ import annotations

import copy

import torch

from taskscope.models.blocks import locate
from taskscope.models.language_model import LanguageModel


def untrained(model: LanguageModel, seed: int = 0) -> LanguageModel:
    """Return a model with fresh random weights, made as its class makes them before training.

    Random numbers of the program are left as they were.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        hf = type(model.hf)(copy.deepcopy(model.hf.config))
    hf = hf.to(device=model.device, dtype=model.hf.dtype)
    hf.requires_grad_(False)
    path = model.anatomy.path
    return LanguageModel(
        hf, model.tokenizer, None, locate(hf, path), f"{model.id}, untrained", model.label, model.route
    )
