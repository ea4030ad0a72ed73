"""Edits of the residual stream: out of place, read back in the next module, never left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from taskscope.errors import ModelError

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy

Mode = Literal["replace", "add"]
"""What an edit does to the residual at its place."""


@dataclass(frozen=True)
class BlockEdits:
    """Edits of one block's output, at distinct (row, slot) places."""

    rows: Tensor
    """(edit,) int64."""
    slots: Tensor
    """(edit,) int64."""
    vectors: Tensor
    """(edit, d_model) in the model's dtype."""


@dataclass
class _Receipt:
    """What an edit wrote, and whether the module after the block received exactly that."""

    written: Tensor | None = None
    received: Tensor | None = None
    runs: int = field(default=0)


@contextmanager
def patched(anatomy: Anatomy, edits: Mapping[int, BlockEdits], mode: Mode = "replace") -> Iterator[None]:
    """Edit the outputs of blocks during the one forward pass run inside.

    On the way out every hook is removed, also after an error or an interrupt. If the pass ended well, each
    edit must have run once and its values must have arrived, bit for bit, in the module after the block.

    Args:
        anatomy: The model taken apart.
        edits: By block.
        mode: ``replace`` the residual at a place by the vector, or ``add`` the vector to it.

    Raises:
        ModelError: If an edit did not run, or did not reach the module after its block.
    """
    receipts = {block: _Receipt() for block in edits}
    with ExitStack() as hooks:
        for block, edit in edits.items():
            module = anatomy.blocks[block]
            hooks.callback(module.register_forward_hook(_writer(edit, mode, receipts[block])).remove)
            hooks.callback(_witness(anatomy, block, edit, receipts[block]))
        yield
    for block, receipt in receipts.items():
        _check(block, receipt)


def hidden_of(output: Any) -> Tensor:
    """Return the residual (row, slot, d_model) that a block returned, bare or first in a tuple or list.

    Raises:
        ModelError: If the output is neither.
    """
    hidden = output[0] if isinstance(output, tuple | list) and output else output
    if isinstance(hidden, Tensor) and hidden.ndim == 3:
        return hidden
    raise ModelError(
        f"a block returned {type(output).__name__}, whose residual cannot be found",
        "a tensor (row, token, d_model), or a tuple that starts with one",
    )


def _writer(edit: BlockEdits, mode: Mode, receipt: _Receipt) -> Callable[..., Any]:
    def write(_module: nn.Module, _args: Any, output: Any) -> Any:
        hidden = hidden_of(output)
        rows, slots = edit.rows.to(hidden.device), edit.slots.to(hidden.device)
        vectors = edit.vectors.to(hidden.device, hidden.dtype)
        if mode == "add":
            vectors = hidden[rows, slots] + vectors
        changed = hidden.index_put((rows, slots), vectors)
        receipt.written, receipt.runs = vectors, receipt.runs + 1
        return changed if isinstance(output, Tensor) else (changed, *output[1:])

    return write


def _witness(anatomy: Anatomy, block: int, edit: BlockEdits, receipt: _Receipt) -> Callable[[], None]:
    """Hook what comes after a block, to read an edit back; returns what removes the hook."""

    def read(hidden: Any) -> None:
        if isinstance(hidden, Tensor) and hidden.ndim == 3 and receipt.written is not None:
            rows, slots = edit.rows.to(hidden.device), edit.slots.to(hidden.device)
            wanted = receipt.written.to(hidden.device)
            # The same bits count as received: an edit may hold what is not a number.
            receipt.received = ((hidden[rows, slots] == wanted) | (wanted != wanted)).all()

    def before(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        read(args[0] if args else kwargs.get("hidden_states"))

    last = block + 1 == len(anatomy.blocks)
    following = anatomy.final_norm if last else anatomy.blocks[block + 1]
    if following is not None:
        return following.register_forward_pre_hook(before, with_kwargs=True).remove
    return (
        anatomy.blocks[block].register_forward_hook(lambda _module, _args, out: read(hidden_of(out))).remove
    )


def _check(block: int, receipt: _Receipt) -> None:
    if receipt.runs == 1 and receipt.received is not None and bool(receipt.received):
        return
    problem = (
        f"ran {receipt.runs} times"
        if receipt.runs != 1
        else "did not reach the module that follows the block"
    )
    raise ModelError(
        f"the edit after block {block} {problem}",
        "a decoder whose blocks run once each, every one on the output of the one before",
        "look at `taskscope doctor MODEL`; `--blocks` names another list of blocks",
    )


def to_device(vectors: Any, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Move edit vectors (edit, d_model) to the model in one transfer."""
    return torch.as_tensor(vectors).to(device=device, dtype=dtype)
