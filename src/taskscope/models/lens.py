"""Residuals read through the output vocabulary: the final norm, then the head, and nothing of the blocks.

The logit lens of many states at the cost of the head alone. Some classes do more between the last block and
the logits (scale them, cap them, project the state first); `agrees` says whether what is left out here can
change which token ranks before which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from taskscope.models.patching import to_device

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

CHUNK_NUMBERS = 1 << 23
"""Logits made at a time: 32 MB."""
PROBE = "x"
N_COMPARED = 20
"""Most likely tokens whose order must be the model's own."""
SHARE = 1e-4
"""Difference of two logits, as a share of the largest, below which their order means nothing."""


def read_out(model: LanguageModel, states: np.ndarray) -> np.ndarray:
    """Project states on the vocabulary.

    Args:
        model: The model.
        states: (state, d_model), residuals after any block.

    Returns:
        Logits (state, vocabulary), float32, before any scaling or cap of the model's class.
    """
    norm, head = model.anatomy.final_norm, model.anatomy.head
    n_tokens = head.get_parameter("weight").shape[0]
    size = max(1, CHUNK_NUMBERS // n_tokens)
    found = []
    with torch.no_grad():
        for start in range(0, len(states), size):
            part = to_device(np.ascontiguousarray(states[start : start + size]), model.device, model.hf.dtype)
            normed = part if norm is None else norm(part[None])[0]
            found.append(head(normed).float().cpu().numpy())
    return np.concatenate(found)


def agrees(model: LanguageModel, text: str = PROBE) -> bool:
    """Whether reading the last block's output out ranks tokens as the model itself does."""
    from taskscope.models.probing import Column

    own = model.distributions([text], [Column(0)])[0]
    state = model.capture([text], blocks=[model.n_blocks - 1])[:, 0]
    read = read_out(model, state)[0]
    if read.shape != own.shape or not np.isfinite(read).all():
        return False
    order = np.argsort(-own, kind="stable")[:N_COMPARED]
    falls = np.diff(read[order])
    first = bool(read[order[0]] >= read.max() - SHARE * np.abs(read).max())
    return first and bool((falls <= SHARE * np.abs(read).max()).all())
