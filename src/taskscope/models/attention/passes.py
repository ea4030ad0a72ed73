"""What every route shares: passes with logits of one token, and attention implementations set for a while."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy


def forward(hf: Any, anatomy: Anatomy, *, last: Tensor | None = None, **inputs: Any) -> Any:
    """Run the model with the inputs that its class knows; one position alone reaches the output head.

    Args:
        hf: The model.
        anatomy: The model taken apart.
        last: (row,) int64, that position; the first where nobody reads the logits.
        inputs: What the class may be given.
    """
    # Asking for weights is never left out: newer classes name that argument nowhere, and take it.
    accepted = {"output_attentions", *inspect.signature(hf.forward).parameters}
    handle = anatomy.head.register_forward_pre_hook(partial(_one_only, last))
    try:
        with torch.no_grad():
            return hf(**{name: value for name, value in inputs.items() if name in accepted})
    finally:
        handle.remove()


def padded(prompts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Return token ids padded on the right, and the mask that tells them from padding, (row, token) int64."""
    width = max(map(len, prompts))
    ids = torch.tensor([[*tokens, *[0] * (width - len(tokens))] for tokens in prompts], device=device)
    lengths = torch.tensor([len(tokens) for tokens in prompts], device=device)
    return ids, (torch.arange(width, device=device) < lengths[:, None]).long()


def one_logits(out: Any) -> Tensor | None:
    """Return the logits (row, token) of the one position that reached the head; None where several did."""
    logits = getattr(out, "logits", None)
    if not isinstance(logits, Tensor) or logits.ndim != 3 or logits.shape[1] != 1:
        return None
    return logits[:, 0].float()


def _one_only(last: Tensor | None, _module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
    hidden = args[0] if args else None
    if isinstance(hidden, Tensor) and hidden.ndim == 3:
        one = (
            hidden[:, :1]
            if last is None
            else hidden[torch.arange(len(hidden), device=hidden.device), last][:, None]
        )
        return one, *args[1:]
    return None


def implementation(hf: Any) -> str:
    """Return the attention implementation in use."""
    return str(getattr(hf.config, "_attn_implementation", None) or "eager")


def switches(hf: Any) -> bool:
    """Tell whether the class can change its attention implementation once it is loaded."""
    can = getattr(hf, "_can_set_attn_implementation", None)
    return hasattr(hf, "set_attn_implementation") and (can is None or bool(can()))


@contextmanager
def attending_by(hf: Any, name: str) -> Iterator[None]:
    """Use an attention implementation inside; the one in use comes back afterwards, also after an error."""
    former = implementation(hf)
    if former == name:
        yield
        return
    try:
        _set(hf, name)
        yield
    finally:
        _set(hf, former)


def _set(hf: Any, name: str) -> None:
    if switches(hf):
        hf.set_attn_implementation(name)
    else:
        # Falcon reads its config in every pass; where that says otherwise its eager maps are not causal.
        hf.config._attn_implementation = name
