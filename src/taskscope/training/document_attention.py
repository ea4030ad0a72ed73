"""Attention that stays within a document while several are packed into one sequence.

What stands before a document in a packed sequence has nothing to do with it: to look there teaches nothing
and costs time that grows with the square of the length.  Of the attention of a training step of the built-in
models about half is left.  At inference there is nothing to mask: the weights run in the plain architecture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, LlamaForCausalLM

NAME = "within_documents"


@contextmanager
def within_documents(model: LlamaForCausalLM) -> Iterator[None]:
    """Make the model's forward pass take `documents`, the lengths that `document_lengths` gives."""
    AttentionInterface.register(NAME, _attention)
    usual, model.config._attn_implementation = model.config._attn_implementation, NAME
    try:
        yield
    finally:
        model.config._attn_implementation = usual


def hidden_states(model: LlamaForCausalLM, tokens: Tensor, documents: list[int]) -> Tensor:
    """Return the last hidden states of packed documents, (token, width).

    Args:
        model: The network.
        tokens: (token,).
        documents: Length of every document, from `document_lengths`.
    """
    # Places count from the start of each document; the rotary embedding sees their differences alone.
    places = torch.cat([torch.arange(n) for n in documents]).to(tokens.device)
    with within_documents(model):
        output = model.model(tokens[None], position_ids=places[None], documents=documents)
    return output.last_hidden_state[0]


def document_lengths(tokens: Tensor, end: int, longest: int) -> list[int]:
    """Cut a stream of tokens before every end of text, and every `longest` tokens from its beginning.

    Args:
        tokens: (token,).
        end: Number of the token that ends a document; it begins the next one, as it begins every prompt.
        longest: Tokens of a sequence; the stream must be a whole number of them.

    Returns:
        Lengths of the pieces in order; their sum is the length of the stream.
    """
    ends = (tokens == end).nonzero()[:, 0].cpu()
    rows = torch.arange(0, len(tokens) + 1, longest)
    return torch.cat([ends, rows]).unique().diff().tolist()


def _attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    *,
    documents: Sequence[int],
    **_: Any,
) -> tuple[Tensor, None]:
    """Causal attention of every document by itself.

    Args:
        module: The calling module; not used.
        query: (1, head, token, head width); `key` and `value` alike, with as many heads.
        attention_mask: Not used: the lengths say all.
        scaling: Of the scores.
        documents: Length of every document.

    Returns:
        (1, token, head, head width), and no attention map.
    """
    del module, attention_mask
    pieces = zip(*(states.split(list(documents), dim=2) for states in (query, key, value)), strict=True)
    mixed = [scaled_dot_product_attention(q, k, v, is_causal=True, scale=scaling) for q, k, v in pieces]
    return torch.cat(mixed, dim=2).transpose(1, 2), None
