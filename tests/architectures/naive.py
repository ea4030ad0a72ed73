"""What every fast path must equal: one plain pass per number, no padding, no mask, no positions."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def logits(hf: Any, ids: list[int], block: nn.Module | None = None, vector: Tensor | None = None) -> Tensor:
    """Return logits (token, vocabulary), with the last token's residual after a block replaced if asked."""

    def replace(_module: nn.Module, _args: Any, output: Any) -> Any:
        hidden = output if isinstance(output, Tensor) else output[0]
        changed = torch.cat([hidden[:, :-1], vector.reshape(1, 1, -1)], dim=1)
        return changed if isinstance(output, Tensor) else type(output)([changed, *output[1:]])

    handle = None if block is None else block.register_forward_hook(replace)
    try:
        with torch.no_grad():
            return hf(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
    finally:
        if handle is not None:
            handle.remove()


def residuals(hf: Any, blocks: nn.ModuleList, ids: list[int]) -> Tensor:
    """Return the residual after every block, (block, token, d_model)."""
    found: list[Tensor] = []

    def read(_module: nn.Module, _args: Any, output: Any) -> None:
        found.append((output if isinstance(output, Tensor) else output[0])[0].clone())

    handles = [block.register_forward_hook(read) for block in blocks]
    try:
        logits(hf, ids)
    finally:
        for handle in handles:
            handle.remove()
    return torch.stack(found)


def score(hf: Any, prompt: list[int], continuation: list[int]) -> float:
    """Return log p(continuation | prompt) in nats."""
    rows = logits(hf, prompt + continuation)[len(prompt) - 1 : -1].log_softmax(-1)
    return float(rows.gather(1, torch.tensor(continuation)[:, None]).sum())
