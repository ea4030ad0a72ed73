"""What passes over prompts leave behind: one row of weights per head of every block, wherever it is met."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from taskscope.errors import ModelError
from taskscope.models.attention.passes import forward

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy


class Enough(Exception):
    """All that a pass was made for is there: what would follow in it is left undone."""


@dataclass
class Collector:
    """Keeps the weights of the last token of every prompt; prompts may come in pieces, one pass for each."""

    last: Tensor
    """(row,) int64: the token whose weights are wanted, of each prompt."""
    n_tokens: int
    """Of the longest prompt."""
    until: int | None = None
    """The last block whose weights are wanted, where nothing else of a pass is; None for whole passes."""
    start: int = 0
    """First token of the piece that runs."""
    stop: int = 0
    """The token after its last one."""
    block: int = -1
    """The block that runs; -1 before the first."""
    found: dict[int, Tensor] = field(default_factory=dict)
    """By block, (row, head, token) float32, zero where a token is not seen."""
    _met: set[int] = field(default_factory=set)
    _twice: set[int] = field(default_factory=set)

    @property
    def rows(self) -> int:
        """Number of prompts."""
        return len(self.last)

    @property
    def queries(self) -> Tensor:
        """Which query of the piece is wanted, (row,) int64; any one of prompts that end elsewhere."""
        return (self.last - self.start).clamp(0, self.stop - self.start - 1)

    @property
    def ends(self) -> Tensor:
        """Which prompts end in the piece, (row,) boolean."""
        return (self.last >= self.start) & (self.last < self.stop)

    def keep(self, weights: Tensor) -> None:
        """Keep the weights of `queries` in the block that runs.

        Args:
            weights: (row, head, seen), over the last so many tokens up to the end of the piece.

        Raises:
            ModelError: If they are over more columns than there are tokens.
            Enough: If nothing that is wanted is to come in the pass; `passing` takes it.
        """
        if self.block in self._met:
            self._twice.add(self.block)
        self._met.add(self.block)
        n = weights.shape[-1]
        if n > self.stop:
            raise ModelError(f"weights of {n} columns for {self.stop} tokens", "one for each token at most")
        ends = self.ends
        if self.block not in self.found:
            shape = (self.rows, weights.shape[1], self.n_tokens)
            self.found[self.block] = torch.zeros(shape, device=weights.device)
        self.found[self.block][ends, :, self.stop - n : self.stop] = weights[ends].float()
        if self.block == self.until:
            raise Enough

    def rows_by_block(self) -> dict[int, Tensor]:
        """Return what was found, by block (row, head, token) float32.

        Raises:
            ModelError: If no block was seen to attend, or one more than once: no one matrix is its own.
        """
        if not self.found:
            raise ModelError("no block was seen to attend", "a class that calls what is watched")
        if self._twice:
            raise ModelError(
                f"blocks {sorted(self._twice)} attend more than once",
                "blocks whose heads have one row of weights each",
            )
        return self.found

    def passing(self, start: int, stop: int, hf: Any, anatomy: Anatomy, **inputs: Any) -> Any:
        """Make a pass over some tokens, as `forward` does; return None where it was left early.

        Args:
            start: First token of the piece.
            stop: The token after its last one.
            hf: The model.
            anatomy: The model taken apart.
            inputs: What the class may be given.
        """
        self.start, self.stop, self._met = start, stop, set()
        with suppress(Enough):
            return forward(hf, anatomy, last=self.queries, **inputs)

    @contextmanager
    def watching(self, anatomy: Anatomy) -> Iterator[None]:
        """Know which block runs: modules do not say, and some are shared between blocks."""
        with ExitStack() as hooks:
            for number, block in enumerate(anatomy.blocks):
                hooks.callback(block.register_forward_pre_hook(_enter(self, number)).remove)
            yield


def _enter(collector: Collector, number: int) -> Callable[..., None]:
    def enter(_module: nn.Module, _args: Any) -> None:
        collector.block = number

    return enter
