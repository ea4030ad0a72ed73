"""Attention weights of the last token, the slow way: whole (token, token) maps from one eager pass.

Every faster route is checked against this one on a short prompt. Blocks without softmax attention, and models
that do not say which block a matrix belongs to, are named with the reason instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from taskscope.models.attention.passes import attending_by
from taskscope.models.blocks import text_config

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy


@dataclass(frozen=True)
class LastRow:
    """Where the last token looks."""

    blocks: tuple[int, ...]
    """Blocks whose weights are known."""
    weights: np.ndarray
    """(block, head, token) float32, each row as the model uses it."""
    gaps: tuple[str, ...]
    """What is not known and why, one sentence each."""


def last_row(hf: Any, anatomy: Anatomy, ids: list[int]) -> LastRow:
    """Read how much the last token of one prompt attends to every token.

    Args:
        hf: The model.
        anatomy: The model taken apart.
        ids: Token ids of the prompt.
    """
    kind = _kind(hf)
    try:
        with attending_by(hf, "eager"), torch.no_grad():
            tokens = torch.tensor([ids], device=hf.device)
            out = hf(input_ids=tokens, output_attentions=True, use_cache=False)
    except (
        TypeError,
        ValueError,
        NotImplementedError,
        AttributeError,
    ) as error:  # each family in its own way
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return _none(f"This {kind} does not give its attention weights: {reason}.")
    given = list(getattr(out, "attentions", None) or ())
    where = by_block(given, anatomy)
    if not where:
        return _none(_why_none(given, anatomy, kind))
    rows, kept, odd = [], [], []
    for block, weights in where:
        if _is_map(weights, len(ids)):
            rows.append(weights[0, :, -1].float().cpu().numpy())
            kept.append(block)
        else:
            odd.append(block)
    missing = sorted(set(range(len(anatomy.blocks))) - set(kept) - set(odd))
    gaps = _gaps(missing, odd, kind)
    if not rows:
        return LastRow((), _nothing(), gaps)
    if len({row.shape for row in rows}) > 1:
        return _none(f"The blocks of this {kind} give attention weights of unlike shapes (head, token).")
    return LastRow(tuple(kept), np.stack(rows), gaps)


def by_block(given: list[Any], anatomy: Anatomy) -> list[tuple[int, Tensor]]:
    """Say which block each matrix belongs to: one per block, or one per block that has attention.

    Empty where the model does not say.
    """
    n = len(anatomy.blocks)
    if len(given) == n:
        return [(block, weights) for block, weights in enumerate(given) if weights is not None]
    weights = [w for w in given if w is not None]
    attending = [block for block, projection in enumerate(anatomy.projections) if projection is not None]
    return list(zip(attending, weights, strict=True)) if len(weights) == len(attending) else []


def _is_map(weights: Any, n: int) -> bool:
    return (
        isinstance(weights, Tensor)
        and weights.ndim == 4
        and weights.shape[0] == 1
        and weights.shape[2:] == (n, n)
    )


def _why_none(given: list[Any], anatomy: Anatomy, kind: str) -> str:
    weights = sum(w is not None for w in given)
    if weights:
        return (
            f"This {kind} gives {weights} attention matrices for {len(anatomy.blocks)} blocks and does not "
            "say which belong together."
        )
    if not any(anatomy.projections):
        return (
            f"No block of this {kind} has softmax attention: it mixes tokens in another way, such as a "
            "state-space recurrence, so there are no heads to look at."
        )
    return f"The class of this {kind} does not hand out its attention weights, in eager mode either."


def _gaps(missing: list[int], odd: list[int], kind: str) -> tuple[str, ...]:
    """Say in one sentence for all blocks with the same fault what is missing."""
    gaps = []
    if missing:
        gaps.append(
            f"There is no softmax attention in {named(missing)} of this {kind}, so no heads to look at."
        )
    if odd:
        gaps.append(
            f"Attention weights of {named(odd)} of this {kind} are no (head, token, token) matrix, so their "
            "heads cannot be separated."
        )
    return tuple(gaps)


def _kind(hf: Any) -> str:
    """Name the type of a model for a sentence: ``model of type 'mamba'``."""
    return f"model of type {getattr(text_config(hf), 'model_type', type(hf).__name__)!r}"


def named(blocks: Sequence[int]) -> str:
    """Name blocks in a sentence: ``block 3``, ``blocks 0, 2``."""
    return f"block{'s' if len(blocks) > 1 else ''} {listed(blocks)}"


def listed(blocks: Sequence[int]) -> str:
    """Write rising blocks out, three or more in a row as a range: ``0, 2, 4 to 7``."""
    runs: list[list[int]] = []
    for block in blocks:
        if runs and block == runs[-1][-1] + 1:
            runs[-1].append(block)
        else:
            runs.append([block])
    parts = [f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return ", ".join(parts)


def _none(reason: str) -> LastRow:
    return LastRow((), _nothing(), (reason,))


def _nothing() -> np.ndarray:
    return np.zeros((0, 0, 0), np.float32)
