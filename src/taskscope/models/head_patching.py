"""Edits of what attention heads put out: their slices of the input of the attention output projection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from taskscope.errors import ModelError
from taskscope.models.reading import head_input, projection

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy


@dataclass(frozen=True)
class HeadEdits:
    """Edits in one block, at distinct (row, slot, head) places."""

    rows: Tensor
    """(edit,) int64."""
    slots: Tensor
    """(edit,) int64."""
    heads: Tensor
    """(edit,) int64."""
    vectors: Tensor
    """(edit, head_dim) in the model's dtype."""


@dataclass
class _Receipt:
    """What an edit wrote, and whether the projection computed with exactly that."""

    written: Tensor | None = None
    runs: int = 0
    received: Tensor | None = None


@contextmanager
def heads_patched(anatomy: Anatomy, edits: Mapping[int, HeadEdits]) -> Iterator[None]:
    """Replace outputs of single heads during the one forward pass run inside (protocol task_vectors 6.7).

    On the way out every hook is removed, also after an error or an interrupt. If the pass ended well, each
    edit must have run once, and the projection must have computed with its values, bit for bit.

    Args:
        anatomy: The model taken apart.
        edits: By block.

    Raises:
        ModelError: If a block has no attention output projection, or an edit changed nothing that the model
            computed with.
    """
    receipts = {block: _Receipt() for block in edits}
    with ExitStack() as hooks:
        for block, edit in edits.items():
            module, receipt = projection(anatomy, block), receipts[block]
            shape = anatomy.n_heads, anatomy.head_dim
            hooks.callback(module.register_forward_pre_hook(_writer(block, edit, shape, receipt)).remove)
            hooks.callback(module.register_forward_hook(_witness(edit, shape, receipt)).remove)
        yield
    for block, receipt in receipts.items():
        _check(block, receipt)


def _writer(block: int, edit: HeadEdits, shape: tuple[int, int], receipt: _Receipt) -> Callable[..., Any]:
    def write(_module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        mixed = head_input(args, block, shape)
        where = tuple(index.to(mixed.device) for index in (edit.rows, edit.slots, edit.heads))
        receipt.written = edit.vectors.to(mixed.device, mixed.dtype)
        receipt.runs += 1
        changed = mixed.unflatten(-1, shape).index_put(where, receipt.written)
        return changed.flatten(-2), *args[1:]

    return write


def _witness(edit: HeadEdits, shape: tuple[int, int], receipt: _Receipt) -> Callable[..., None]:
    """Hook what the projection really computed with, which another hook might have changed back."""

    def read(_module: nn.Module, args: tuple[Any, ...], _output: Any) -> None:
        if receipt.written is None or not args or not isinstance(args[0], Tensor):
            return
        used = args[0].unflatten(-1, shape)
        where = tuple(index.to(used.device) for index in (edit.rows, edit.slots, edit.heads))
        wanted = receipt.written
        # The same bits count as received: an edit may hold what is not a number.
        receipt.received = ((used[where] == wanted) | (wanted != wanted)).all()

    return read


def _check(block: int, receipt: _Receipt) -> None:
    if receipt.runs == 1 and receipt.received is not None and bool(receipt.received):
        return
    problem = (
        f"ran {receipt.runs} times" if receipt.runs != 1 else "did not reach the attention output projection"
    )
    raise ModelError(
        f"the edit of heads in block {block} {problem}",
        "attention whose heads are mixed by one linear module, called once per pass",
        "look at `taskscope doctor MODEL`",
    )
