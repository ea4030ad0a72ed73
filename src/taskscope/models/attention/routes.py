"""The ways to read last rows, in the order of preference (protocol kernel_regression 5).

``registered`` (route 2) gives the class an attention function: one fast pass for prompts of any length.
``watched`` (route 3) serves classes that take none: one pass with the stock kernel, or pieces through the
cache, again for prompts of any length. ``step`` (route 1) is what is left: prompts of one length at a time, a
pass that fills a cache, and a second one of one token in eager mode.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch
from torch import Tensor

from taskscope.errors import ModelError
from taskscope.models.attention import registered, step, watched
from taskscope.models.attention.passes import padded

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy
    from taskscope.models.encoding import Tokens

Route = Literal["registered", "watched", "step", "none"]
CHUNK = 256
"""Tokens taken at a time where they are."""


class Seen(NamedTuple):
    """One prompt read."""

    rows: dict[int, Tensor]
    """By block, (head, token) float32."""
    logits: Tensor | None
    """(token,) float32 of what follows; None where a class does not give these alone."""


Read = Callable[[Any, "Anatomy", list["Tokens"], int, int | None], list[Seen]]
"""Reads prompts, given a model, the model taken apart, the prompts, how many tokens to take at a time, and
the block in which a pass may be left, None where the logits are wanted."""


def _registered(
    hf: Any, anatomy: Anatomy, prompts: list[Tokens], chunk: int, until: int | None
) -> list[Seen]:
    if not registered.dispatches(hf):
        raise ModelError("the class does not dispatch its attention", "one that takes attention functions")
    ids, mask = padded(prompts, hf.device)
    return _cut(prompts, *registered.read(hf, anatomy, ids, mask.sum(1) - 1, chunk, until))


def _watched(hf: Any, anatomy: Anatomy, prompts: list[Tokens], chunk: int, until: int | None) -> list[Seen]:
    ids, mask = padded(prompts, hf.device)
    return _cut(prompts, *watched.read(hf, anatomy, ids, mask.sum(1) - 1, chunk, until))


def _step(hf: Any, anatomy: Anatomy, prompts: list[Tokens], _chunk: int, _until: int | None) -> list[Seen]:
    """Read prompts, those of one length together: a cache takes no padding on the right."""
    result = [Seen({}, None) for _ in prompts]
    for n in dict.fromkeys(map(len, prompts)):
        alike = [i for i, tokens in enumerate(prompts) if len(tokens) == n]
        ids = torch.tensor([prompts[i] for i in alike], device=hf.device)
        cut = _cut([prompts[i] for i in alike], *step.read(hf, anatomy, ids))
        for i, seen in zip(alike, cut, strict=True):
            result[i] = seen
    return result


def _cut(prompts: list[Tokens], found: dict[int, Tensor], logits: Tensor | None) -> list[Seen]:
    """Take a batch apart; weights are (row, head, token) by block."""
    return [
        Seen(
            {block: weights[row, :, : len(tokens)].cpu() for block, weights in found.items()},
            None if logits is None else logits[row],
        )
        for row, tokens in enumerate(prompts)
    ]


ROUTES: dict[Route, Read] = {"registered": _registered, "watched": _watched, "step": _step}
