"""The plain way to every number: one prompt at a time, one block at a time, no packing and no padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from toys import N_BLOCKS

from taskscope.models.language_model import LanguageModel


def plain_logits(hf: Any, ids: Sequence[int]) -> torch.Tensor:
    """Logits (token, vocabulary) of one prompt, whole model, all defaults."""
    with torch.no_grad():
        return hf(input_ids=torch.tensor([list(ids)])).logits[0].float()


def plain_residuals(hf: Any, ids: Sequence[int]) -> np.ndarray:
    """Residual after every block but the last, (block, token, d_model), as the model reports it."""
    with torch.no_grad():
        states = hf(input_ids=torch.tensor([list(ids)]), output_hidden_states=True).hidden_states
    return torch.stack(states[1:N_BLOCKS]).squeeze(1).numpy()


def edited_logits(
    model: LanguageModel,
    ids: Sequence[int],
    block: int,
    vector: np.ndarray,
    at: int | None = None,
    mode: Literal["replace", "add"] = "replace",
) -> torch.Tensor:
    """Logits (token, vocabulary) with the residual of one block edited at one token, in place."""
    at = len(ids) - 1 if at is None else at

    def edit(_module: Any, _args: Any, output: Any) -> None:
        hidden = output if isinstance(output, torch.Tensor) else output[0]
        if mode == "add":
            hidden[0, at] += torch.from_numpy(vector)
        else:
            hidden[0, at] = torch.from_numpy(vector)

    handle = model.anatomy.blocks[block].register_forward_hook(edit)
    try:
        return plain_logits(model.hf, ids)
    finally:
        handle.remove()


def greedy(model: LanguageModel, ids: Sequence[int], n: int, block: int, vector: np.ndarray) -> list[int]:
    """The n most likely next tokens one after another, the prompt's last token edited all along."""
    said: list[int] = []
    for _ in range(n):
        logits = edited_logits(model, [*ids, *said], block, vector, at=len(ids) - 1)
        said.append(int(logits[-1].argmax()))
    return said


def assert_close(found: Any, wanted: Any, logits: torch.Tensor | float) -> None:
    """Equal to 1e-5 of the largest logit."""
    scale = float(logits.abs().max()) if isinstance(logits, torch.Tensor) else logits
    np.testing.assert_allclose(np.asarray(found), np.asarray(wanted), rtol=0, atol=1e-5 * scale)
