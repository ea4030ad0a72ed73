"""A model with weights in float32: small steps on shorter ones are lost, and their gradients are coarse."""

from __future__ import annotations

import copy

import torch

from taskscope.models.blocks import locate
from taskscope.models.language_model import LanguageModel


def raised(model: LanguageModel) -> LanguageModel:
    """Return the model itself where its weights are float32 or longer, else a copy in float32."""
    if all(torch.finfo(parameter.dtype).bits >= 32 for parameter in model.hf.parameters()):
        return model
    hf = copy.deepcopy(model.hf).float()
    anatomy = locate(hf, model.anatomy.path)
    return LanguageModel(hf, model.tokenizer, None, anatomy, model.id, model.label, model.route)
