"""Where the last token of many prompts looks, for all heads of all blocks, at a cost of O(tokens) each.

Of the routes of protocol kernel_regression 5 (see `routes`) the first whose rows equal those of whole eager
maps on two short prompts, one of them padded, is used. What follows the last token can be read from the same
pass, where that gave the logits of a plain pass on the same prompts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from taskscope.errors import ModelError
from taskscope.models.attention import full_map
from taskscope.models.attention.full_map import LastRow, listed
from taskscope.models.attention.routes import CHUNK, ROUTES, Route, Seen
from taskscope.models.comparison import largest_difference, sample_prompts

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy
    from taskscope.models.encoding import Tokens
    from taskscope.models.execution import Executor

TOLERANCE = {torch.float64: 1e-5, torch.float32: 1e-5, torch.float16: 1e-2, torch.bfloat16: 5e-2}
"""Largest difference from the eager map that counts as rounding, by type of the weights."""
LAW_TYPES = (torch.float64, torch.float32)
"""Types of which a shared pass may give answers: what 16 bits round off could hide a wrong one."""
LAW_TOLERANCE = 1e-4
"""Largest difference of log p, nats; a law over the vocabulary adds up more rounding than a row."""
CHECKED = (33, 20)
"""Tokens of the two prompts of the check."""
CHECKED_CHUNK = 8
"""Tokens taken at a time in the check, where they are taken in chunks: several chunks to a prompt."""
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
    logprob: np.ndarray | None = None
    """(prompt, target) float64, log p of the targets as next token, nats; None where none were asked for, or
    the route does not give them."""


@dataclass(frozen=True)
class Choice:
    """The route that is valid for a model."""

    route: Route
    blocks: tuple[int, ...]
    gaps: tuple[str, ...]
    predicts: bool = False
    """Whether its logits are those of a plain pass."""


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
    for route, read in ROUTES.items():
        try:
            found = read(hf, anatomy, prompts, CHECKED_CHUNK, None)
        except Exception as error:  # each family in its own way
            reasons.append(f"{route}: {(str(error).strip().splitlines() or [type(error).__name__])[0]}")
            continue
        worst = _difference([seen.rows for seen in found], maps)
        if worst <= limit:
            return Choice(route, blocks, gaps, _predicts(hf, prompts, found))
        reasons.append(f"{route}: {worst:.0e} from the eager map (at most {limit:.0e})")
    return Choice(
        "none", (), (f"No fast way gives the attention weights of this model ({'; '.join(reasons)}).",)
    )


def last_rows(
    executor: Executor, choice: Choice, prompts: Sequence[Tokens], targets: np.ndarray | None = None
) -> LastRows:
    """Read the last row of every prompt.

    Args:
        executor: Makes the batches; where it audits, a share of the predictions is made again alone.
        choice: What `choose` found for the model.
        prompts: Token ids.
        targets: (prompt, target) int64, tokens whose probability as next token is wanted too.

    Raises:
        ModelError: If a route that was right on short prompts gives no row for one of these.
    """
    rows: list[np.ndarray] = [np.zeros((0, 0, len(tokens)), np.float32) for tokens in prompts]
    if choice.route == "none":
        return LastRows((), tuple(rows), "none", choice.gaps)
    read = ROUTES[choice.route]
    laws = _Laws(targets, len(prompts)) if choice.predicts and targets is not None else None
    until = max(choice.blocks) if laws is None else None

    def run(batch: list[int]) -> None:
        found = read(executor.hf, executor.anatomy, [prompts[i] for i in batch], CHUNK, until)
        for i, seen in zip(batch, found, strict=True):
            rows[i] = _stacked(seen.rows, choice.blocks)
            if laws is not None:
                laws.fill(i, seen.logits)

    executor.each(prompts, run)
    if laws is not None and executor.audit is not None and len(prompts):
        audit = executor.audit
        again = audit.rng.choice(len(prompts), size=audit.size(len(prompts)), replace=False).tolist()
        alone = _Laws(laws.targets, len(prompts))
        for i in again:
            alone.fill(i, read(executor.hf, executor.anatomy, [prompts[i]], CHUNK, until)[0].logits)
        audit.compare(laws.top, alone.top, laws.logprob, alone.logprob)
    leaks = _leaks(choice.blocks, rows, max(EXACT, _limit(executor.hf)))
    logprob = None if laws is None else laws.logprob
    return LastRows(choice.blocks, tuple(rows), choice.route, (*choice.gaps, *leaks), logprob)


class _Laws:
    """What follows each of some prompts, filled in prompt by prompt."""

    def __init__(self, targets: np.ndarray, n: int) -> None:
        self.targets = targets
        self.logprob = np.full(targets.shape, np.nan)
        """(prompt, target) nats."""
        self.top = np.full(n, -1)
        """(prompt,) the most likely next token."""

    def fill(self, prompt: int, logits: Tensor | None) -> None:
        """Read a prompt's targets off its logits (token,)."""
        if logits is None:
            raise ModelError("a pass gave no logits of the last token", "what it gave on shorter prompts")
        law = logits.log_softmax(-1).cpu()
        self.top[prompt] = int(law.argmax())
        self.logprob[prompt] = law[torch.from_numpy(self.targets[prompt])].numpy()


def last_row(found: LastRows) -> LastRow:
    """Return the row of a single prompt."""
    [row] = found.rows
    return LastRow(found.blocks, row if found.blocks else row[..., :0], found.gaps)


def _limit(hf: Any) -> float:
    return TOLERANCE.get(hf.dtype, TOLERANCE[torch.float32])


def _predicts(hf: Any, prompts: list[Tokens], found: list[Seen]) -> bool:
    """Tell whether the logits read beside the rows are those of plain passes, in a type that can tell."""
    if hf.dtype not in LAW_TYPES:
        return False
    for tokens, seen in zip(prompts, found, strict=True):
        if seen.logits is None:
            return False
        with torch.no_grad():
            plain = hf(input_ids=torch.tensor([tokens], device=hf.device)).logits[0, -1].float()
        apart = (plain.log_softmax(-1) - seen.logits.log_softmax(-1)).abs().max()
        if not float(apart) <= LAW_TOLERANCE:
            return False
    return True


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
