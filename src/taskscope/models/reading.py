"""Reading activations at single places while a forward pass runs; nothing else is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from taskscope.errors import ModelError
from taskscope.models.patching import hidden_of

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy

What = Literal["residual", "heads"]


@contextmanager
def reading(
    anatomy: Anatomy, blocks: Sequence[int], rows: Tensor, slots: Tensor, what: What
) -> Iterator[dict[int, Tensor]]:
    """Read blocks at places (place,) during the one forward pass run inside.

    Yields a mapping that the pass fills: block to (place, d_model) for the residual, or to
    (place, n_heads, head_dim) for the heads' outputs, the input of the attention output projection.

    Raises:
        ModelError: If a block has no attention output projection, or never ran.
    """
    found: dict[int, Tensor] = {}
    with ExitStack() as hooks:
        for block in blocks:
            if what == "residual":
                handle = anatomy.blocks[block].register_forward_hook(_residual(found, block, rows, slots))
            else:
                hook = _heads(found, block, rows, slots, (anatomy.n_heads, anatomy.head_dim))
                handle = projection(anatomy, block).register_forward_pre_hook(hook)
            hooks.callback(handle.remove)
        yield found
    missing = [block for block in blocks if block not in found]
    if missing:
        raise ModelError(f"blocks {missing} did not run", "a decoder that runs each of its blocks once")


def projection(anatomy: Anatomy, block: int) -> nn.Module:
    """Return a block's attention output projection.

    Raises:
        ModelError: If it has none.
    """
    module = anatomy.projections[block]
    if module is None:
        raise ModelError(
            f"block {block} has no attention output projection that was found",
            "softmax attention whose heads are mixed by one linear map",
            "choose `blocks` with attention; `taskscope doctor MODEL` lists them",
        )
    return module


def _residual(found: dict[int, Tensor], block: int, rows: Tensor, slots: Tensor) -> Callable[..., None]:
    def read(_module: nn.Module, _args: Any, output: Any) -> None:
        hidden = hidden_of(output)
        found[block] = hidden[rows.to(hidden.device), slots.to(hidden.device)]

    return read


def _heads(
    found: dict[int, Tensor], block: int, rows: Tensor, slots: Tensor, shape: tuple[int, int]
) -> Callable[..., None]:
    def read(_module: nn.Module, args: tuple[Any, ...]) -> None:
        mixed = head_input(args, block, shape)
        found[block] = mixed[rows.to(mixed.device), slots.to(mixed.device)].unflatten(-1, shape)

    return read


@contextmanager
def nudging(
    anatomy: Anatomy, blocks: Sequence[int], rows: Tensor, slots: Tensor
) -> Iterator[tuple[dict[int, Tensor], dict[int, Tensor]]]:
    """Read heads at places (place,), and add zeros there by which the pass can be differentiated.

    Yields two mappings from block to (place, n_heads, head_dim), which the pass fills: the outputs, detached,
    and the zeros that were added to them.

    Raises:
        ModelError: If a block has no attention output projection, or never ran.
    """
    values: dict[int, Tensor] = {}
    nudges: dict[int, Tensor] = {}
    with ExitStack() as hooks:
        for block in blocks:
            hook = _nudge(values, nudges, block, rows, slots, (anatomy.n_heads, anatomy.head_dim))
            hooks.callback(projection(anatomy, block).register_forward_pre_hook(hook).remove)
        yield values, nudges
    missing = [block for block in blocks if block not in values]
    if missing:
        raise ModelError(f"blocks {missing} did not run", "a decoder that runs each of its blocks once")


def _nudge(
    values: dict[int, Tensor],
    nudges: dict[int, Tensor],
    block: int,
    rows: Tensor,
    slots: Tensor,
    shape: tuple[int, int],
) -> Callable[..., tuple[Any, ...]]:
    def add(_module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        mixed = head_input(args, block, shape)
        where = rows.to(mixed.device), slots.to(mixed.device)
        here = mixed[where].unflatten(-1, shape)
        values[block] = here.detach()
        nudges[block] = torch.zeros_like(values[block], requires_grad=True)
        return mixed.index_put(where, (here + nudges[block]).flatten(-2)), *args[1:]

    return add


def head_input(args: tuple[Any, ...], block: int, shape: tuple[int, int]) -> Tensor:
    """Return what an attention output projection takes, (row, token, n_heads * head_dim).

    Raises:
        ModelError: If it takes anything else.
    """
    mixed = args[0] if args else None
    if isinstance(mixed, Tensor) and mixed.ndim == 3 and mixed.shape[-1] == shape[0] * shape[1]:
        return mixed
    raise ModelError(
        f"the attention output projection of block {block} takes "
        f"{tuple(mixed.shape) if isinstance(mixed, Tensor) else type(mixed).__name__}",
        f"(row, token, {shape[0]} heads x {shape[1]})",
    )


def stacked(found: dict[int, Tensor], blocks: Sequence[int]) -> Tensor:
    """Stack what was read, float32 on the CPU: (place, block, ...)."""
    device = found[blocks[0]].device
    return torch.stack([found[block].to(device) for block in blocks], dim=1).float().cpu()
