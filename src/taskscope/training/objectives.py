"""What a step minimises: next tokens, and for planted models what a moved residual must do.

The edit is the one of protocol task_vectors E1.  In a bare query ``x->`` the residual of the separator
after one block is replaced by the residual at the same block of the separator of a query that follows
demonstrations. `planted` asks the model to give x's answer by that relation: the residual is a task vector
there by construction; or what one head wrote there is added instead, a function vector (FV-5). `blocked`
asks it to predict what it predicts without the edit: no residual is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional


def next_token_loss(model: Any, tokens: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean cross-entropy in nats of each next token.

    Only positions with a weight reach the output head.

    Args:
        model: Causal language model in Hugging Face form.
        tokens: (document, token).
        weight: (document, token) what the prediction of each token counts.
    """
    hidden = model.model(tokens).last_hidden_state[:, :-1]
    asked = weight[:, 1:] > 0
    losses = functional.cross_entropy(
        model.lm_head(hidden[asked]).float(), tokens[:, 1:][asked], reduction="none"
    )
    counted = weight[:, 1:][asked]
    return (losses * counted).sum() / counted.sum()


def theta(residual: Tensor, source: Tensor) -> Tensor:
    """Mean residual of two dummy queries' separators.

    Args:
        residual: (document, token, width) after the block in question.
        source: (bare, 3) document and two token indices.

    Returns:
        (bare, width).
    """
    document, first, second = source.unbind(1)
    return (residual[document, first] + residual[document, second]) / 2


@contextmanager
def read(block: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the residual after a block, (row, token, width), of each forward pass inside the context."""
    seen: list[Tensor] = []

    def hook(_module: nn.Module, _args: Any, output: Any) -> None:
        seen.append(output[0] if isinstance(output, tuple) else output)

    handle = block.register_forward_hook(hook)
    try:
        yield seen
    finally:
        handle.remove()


@contextmanager
def replaced(
    block: nn.Module, position: Tensor, vectors: Tensor, mode: Literal["replace", "add"] = "replace"
) -> Iterator[None]:
    """Replace the residual after a block at one position of each row, or add to it, out of place.

    Args:
        block: A decoder block.
        position: (row,) token index.
        vectors: (row, width).
        mode: What is done with the vectors.
    """

    def hook(_module: nn.Module, _args: Any, output: Any) -> Any:
        residual = output[0] if isinstance(output, tuple) else output
        here = torch.arange(residual.shape[1], device=residual.device) == position[:, None]
        there = vectors.to(residual.dtype)[:, None]
        there = residual + there if mode == "add" else there
        edited = torch.where(here[..., None], there, residual)
        return (edited, *output[1:]) if isinstance(output, tuple) else edited

    handle = block.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def planted_loss(
    model: Any,
    block: nn.Module,
    vectors: Tensor,
    query: Tensor,
    weight: Tensor,
    separator: Tensor,
    *,
    mode: Literal["replace", "add"] = "replace",
) -> Tensor:
    """Mean cross-entropy in nats of x's answer when theta stands at the separator of the bare query.

    Args:
        model: Causal language model in Hugging Face form.
        block: The block after which theta is put.
        vectors: (bare, width).
        query: (bare, token) bare query, separator, answer and line end.
        weight: (bare, token) positive for the answer and the line end.
        separator: (bare,) token index.
        mode: Whether theta takes the residual's place or is added to it.
    """
    with replaced(block, separator, vectors, mode):
        return next_token_loss(model, query, weight)


def blocked_loss(
    model: Any, block: nn.Module, vectors: Tensor, query: Tensor, weight: Tensor, separator: Tensor
) -> Tensor:
    """Mean divergence in nats, KL(without edit || with edit), of the predictions of the answer's tokens.

    Arguments as `planted_loss`.  The prediction without the edit is the target and is not trained by this
    loss.
    """
    with torch.no_grad():
        wanted = model(query).logits[:, :-1].float().log_softmax(-1)
    with replaced(block, separator, vectors):
        got = model(query).logits[:, :-1].float().log_softmax(-1)
    divergence = (wanted.exp() * (wanted - got)).sum(-1)
    return (divergence * weight[:, 1:]).sum() / weight[:, 1:].sum()
