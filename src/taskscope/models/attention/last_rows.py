"""Where the last token of many prompts looks, for all heads of all blocks, at a cost of O(tokens) each.

Two routes, tried in this order: ``registered`` reads the row from within one fast pass, ``step`` caches the
prompt and feeds its last token in eager mode (protocol kernel_regression 5). The first whose rows equal those
of whole eager maps on two short prompts, one of them padded, is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from taskscope.errors import ModelError
from taskscope.models.attention import full_map, registered, step
from taskscope.models.attention.full_map import LastRow, listed
from taskscope.models.attention.passes import padded
from taskscope.models.comparison import largest_difference, sample_prompts

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy
    from taskscope.models.encoding import Tokens
    from taskscope.models.execution import Executor

Route = Literal["registered", "step", "none"]
Read = Callable[[Any, "Anatomy", list["Tokens"]], list[dict[int, Tensor]]]
"""Reads prompts: for each, by block, (head, token) float32."""
TOLERANCE = {torch.float64: 1e-5, torch.float32: 1e-5, torch.float16: 1e-2, torch.bfloat16: 5e-2}
"""Largest difference from the eager map that counts as rounding, by type of the weights."""
CHECKED = (33, 20)
"""Tokens of the two prompts of the check."""
CHECKED_CHUNK = 8
"""Queries taken at a time in the check, where they are taken in chunks: several to a prompt."""
EXACT = 1e-3
"""How far a row's sum may be from 1 before the rest is said to go elsewhere."""


@dataclass(frozen=True)
class LastRows:
    """Where the last tokens of several prompts look."""

    blocks: tuple[int, ...]
    """Blocks whose weights are known; empty where the model cannot be read."""
    rows: tuple[np.ndarray, ...]
    """By prompt, (block, head, token) float32, each row as the model uses it."""
    route: Route
    """How they were read; ``none`` where the model cannot be."""
    gaps: tuple[str, ...]
    """What is not known and why, one sentence each."""


@dataclass(frozen=True)
class Choice:
    """The route that is valid for a model."""

    route: Route
    blocks: tuple[int, ...]
    gaps: tuple[str, ...]


def choose(hf: Any, anatomy: Anatomy, context: int) -> Choice:
    """Find the first route whose rows equal those of whole eager maps on short prompts.

    Args:
        hf: The model.
        anatomy: The model taken apart.
        context: Tokens that the model takes.
    """
    prompts = sample_prompts(hf, tuple(min(n, context) for n in CHECKED))
    maps = [full_map.last_row(hf, anatomy, list(prompt)) for prompt in prompts]
    blocks, gaps = maps[0].blocks, maps[0].gaps
    if not blocks:
        return Choice("none", (), gaps)
    reasons = []
    limit = _limit(hf)
    routes: tuple[tuple[Route, Read], ...] = (
        ("registered", partial(_registered, chunk=CHECKED_CHUNK)),
        ("step", _step),
    )
    for route, read in routes:
        try:
            found = read(hf, anatomy, prompts)
        except Exception as error:  # each family in its own way
            reasons.append(f"{route}: {(str(error).strip().splitlines() or [type(error).__name__])[0]}")
            continue
        worst = _difference(found, maps)
        if worst <= limit:
            return Choice(route, blocks, gaps)
        reasons.append(f"{route}: {worst:.0e} from the eager map (at most {limit:.0e})")
    return Choice(
        "none", (), (f"No fast way gives the attention weights of this model ({'; '.join(reasons)}).",)
    )


def last_rows(executor: Executor, choice: Choice, prompts: Sequence[Tokens]) -> LastRows:
    """Read the last row of every prompt.

    Args:
        executor: Makes the batches.
        choice: What `choose` found for the model.
        prompts: Token ids.

    Raises:
        ModelError: If a route that was right on short prompts gives no row for one of these.
    """
    rows: list[np.ndarray] = [np.zeros((0, 0, len(tokens)), np.float32) for tokens in prompts]
    if choice.route == "none":
        return LastRows((), tuple(rows), "none", choice.gaps)
    read: Read = _registered if choice.route == "registered" else _step

    def run(batch: list[int]) -> None:
        found = read(executor.hf, executor.anatomy, [prompts[i] for i in batch])
        for i, by_block in zip(batch, found, strict=True):
            rows[i] = _stacked(by_block, choice.blocks)

    executor.each(prompts, run)
    leaks = _leaks(choice.blocks, rows, max(EXACT, _limit(executor.hf)))
    return LastRows(choice.blocks, tuple(rows), choice.route, (*choice.gaps, *leaks))


def last_row(found: LastRows) -> LastRow:
    """Return the row of a single prompt."""
    [row] = found.rows
    return LastRow(found.blocks, row if found.blocks else row[..., :0], found.gaps)


def _limit(hf: Any) -> float:
    return TOLERANCE.get(hf.dtype, TOLERANCE[torch.float32])


def _registered(
    hf: Any, anatomy: Anatomy, prompts: list[Tokens], chunk: int = registered.CHUNK
) -> list[dict[int, Tensor]]:
    """Read prompts of any length in one pass, padded on the right."""
    if not registered.dispatches(hf):
        raise ModelError("the class does not dispatch its attention", "one that takes attention functions")
    found = registered.read(hf, anatomy, *padded(prompts, hf.device), chunk)
    return [
        {block: weights[row, :, : len(tokens)].cpu() for block, weights in found.items()}
        for row, tokens in enumerate(prompts)
    ]


def _step(hf: Any, anatomy: Anatomy, prompts: list[Tokens]) -> list[dict[int, Tensor]]:
    """Read prompts, those of one length together: a cache takes no padding on the right."""
    result: list[dict[int, Tensor]] = [{} for _ in prompts]
    for n in dict.fromkeys(map(len, prompts)):
        alike = [i for i, tokens in enumerate(prompts) if len(tokens) == n]
        ids = torch.tensor([prompts[i] for i in alike], device=hf.device)
        for block, weights in step.read(hf, anatomy, ids).items():
            for row, i in enumerate(alike):
                result[i][block] = weights[row].cpu()
    return result


def _stacked(by_block: dict[int, Tensor], blocks: Sequence[int]) -> np.ndarray:
    missing = [block for block in blocks if block not in by_block]
    if missing:
        raise ModelError(
            f"blocks {missing} gave no attention weights", "the blocks that gave them on shorter prompts"
        )
    return torch.stack([by_block[block] for block in blocks]).float().numpy()


def _difference(found: list[dict[int, Tensor]], maps: list[LastRow]) -> float:
    """Return how far rows are from those of whole maps; infinite where they are not of the same blocks."""
    if any(set(by_block) != set(row.blocks) for by_block, row in zip(found, maps, strict=True)):
        return float("inf")
    pairs = [(_stacked(b, row.blocks), row.weights) for b, row in zip(found, maps, strict=True)]
    if any(a.shape != b.shape for a, b in pairs):
        return float("inf")
    return max(largest_difference(a, b) for a, b in pairs)


def _leaks(blocks: Sequence[int], rows: Sequence[np.ndarray], limit: float) -> tuple[str, ...]:
    """Name the blocks whose weights do not sum to one, as with sinks."""
    off = np.zeros(len(blocks), dtype=bool)
    for row in rows:
        off |= np.abs(row.sum(-1) - 1).max(-1) > limit
    leaky = [block for block, is_off in zip(blocks, off, strict=True) if is_off]
    if not leaky:
        return ()
    return (f"In blocks {listed(leaky)} the weights do not sum to one: the rest goes to no token.",)
