"""Which weights of a block belong to each of its heads, and which to each neuron of its feed-forward part.

A head owns columns of the attention output and rows of what makes its query, key and value (protocol
task_spaces E10). Families lay those rows out in many ways, one map for each or one for all, heads in turn or
side by side, keys shared by several heads; so nothing is taken from a name, but seen: rows on which what
enters a head's part of the attention output depends are its rows. A row that serves several heads counts for
each in equal parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from taskscope.models.blocks import Anatomy, input_width, transposed
from taskscope.models.gradients import Gradient
from taskscope.models.weight_places import FUSED, KEY, MLP_IN, MLP_OUT, QUERY, VALUE, Place

_READS = (QUERY, KEY, VALUE, FUSED)
_TOKENS = 12
"""Of the text on which dependence is seen."""


@dataclass(frozen=True)
class Units:
    """Units of one block, heads or neurons."""

    n: int
    axes: dict[str, int]
    """By name of a parameter, along which axis its weights belong to one unit or another."""
    shares: dict[str, Tensor]
    """By name, (place along the axis, unit) how far each place belongs to each unit; empty where place k is
    unit k."""

    def squares(self, gradient: Gradient) -> Tensor:
        """Sum a squared gradient over each unit's weights: float64 (unit,)."""
        found = torch.zeros(self.n, dtype=torch.float64)
        for name, axis in self.axes.items():
            values = gradient[name].double().square()
            others = [a for a in range(values.ndim) if a != axis]
            along = (values.sum(dim=others) if others else values).cpu()
            found += along @ self.shares[name] if name in self.shares else along
        return found


def neurons(hf: Any, where: Mapping[str, Place]) -> dict[int, Units]:
    """Find the neurons of every block whose feed-forward part has one map out of them, and others into them.

    Args:
        hf: The model.
        where: Of every parameter, see `weight_places.places`.

    Returns:
        By block; without mixtures of experts, and blocks whose maps in are not as wide as the one out.
    """
    found = {}
    for block in sorted({place.block for place in where.values()}):
        axes: dict[str, int] = {}
        widths = set()
        for name in (name for name, place in where.items() if place.block == block):
            owner, kind = _owner(hf, name), name.rpartition(".")[2]
            if where[name].module == MLP_OUT and kind == "weight":
                axes[name] = 0 if transposed(owner) else 1
                widths.add(input_width(owner))
            elif where[name].module == MLP_IN:
                axes[name] = _out_axis(owner, kind)
                widths.add(hf.get_parameter(name).shape[axes[name]])
        if len(axes) > 1 and len(widths) == 1:
            found[block] = Units(widths.pop(), axes, {})
    return found


def heads(hf: Any, anatomy: Anatomy, where: Mapping[str, Place]) -> dict[int, Units]:
    """Find the heads of every block whose attention has maps that could be told apart; see above.

    Args:
        hf: The model, in evaluation.
        anatomy: Its parts.
        where: Of every parameter, see `weight_places.places`.

    Returns:
        By block; without those of which some head depends on none of the known maps.
    """
    names = {id(module): path for path, module in hf.named_modules()}
    reads = {
        block: sorted(
            {name.rpartition(".")[0] for name, p in where.items() if p.block == block and p.module in _READS}
        )
        for block, projection in enumerate(anatomy.projections)
        if projection is not None
    }
    found = {}
    with torch.enable_grad(), _seen(hf, anatomy, reads) as (made, entered):
        device = next(hf.parameters()).device
        hf(input_ids=torch.arange(2, 2 + _TOKENS, device=device)[None])
        for block, paths in reads.items():
            if not paths or block not in entered or any(path not in made for path in paths):
                continue
            shares = _shares([made[path] for path in paths], entered[block], anatomy.n_heads)
            if shares is None:
                continue
            axes, by_name = {}, {}
            for path, share in zip(paths, shares, strict=True):
                for kind, _ in hf.get_submodule(path).named_parameters():
                    name = f"{path}.{kind}"
                    axes[name], by_name[name] = _out_axis(hf.get_submodule(path), kind), share
            projection = anatomy.projections[block]
            name = f"{names[id(projection)]}.weight"
            axes[name] = 0 if transposed(projection) else 1
            by_name[name] = torch.eye(anatomy.n_heads, dtype=torch.float64).repeat_interleave(
                anatomy.head_dim, dim=0
            )
            found[block] = Units(anatomy.n_heads, axes, by_name)
    return found


def _shares(made: list[Tensor], entered: Tensor, n_heads: int) -> list[Tensor] | None:
    """Tell of each place of the maps to which heads it belongs, (place, head); None where a head has none."""
    weights = torch.randn(entered.shape, generator=torch.Generator().manual_seed(0)).to(entered)
    parts = (entered * weights).unflatten(-1, (n_heads, -1)).sum(dim=-1).flatten(0, -2).sum(dim=0)
    belongs: list[list[Tensor]] = [[] for _ in made]
    for part in parts:
        slopes = torch.autograd.grad(part, made, retain_graph=True, allow_unused=True)
        for found, slope, out in zip(belongs, slopes, made, strict=True):
            moved = torch.zeros(out.shape[-1]) if slope is None else slope.flatten(0, -2).abs().sum(dim=0)
            found.append((moved > 0).double().cpu())
    shares = [torch.stack(each, dim=1) for each in belongs]
    if not torch.cat(shares).any(dim=0).all():
        return None
    return [each / each.sum(dim=1, keepdim=True).clamp(min=1) for each in shares]


@contextmanager
def _seen(
    hf: Any, anatomy: Anatomy, reads: Mapping[int, list[str]]
) -> Iterator[tuple[dict[str, Tensor], dict[int, Tensor]]]:
    """Keep what maps make, as the start of a graph, and what enters the attention output of each block."""
    made: dict[str, Tensor] = {}
    entered: dict[int, Tensor] = {}
    hooks = []

    def start(path: str) -> Any:
        def hook(_module: nn.Module, _args: Any, out: Tensor) -> Tensor:
            made[path] = out.detach().requires_grad_()
            return made[path]

        return hook

    def end(block: int) -> Any:
        def hook(_module: nn.Module, args: Any) -> None:
            entered[block] = args[0]

        return hook

    try:
        for block, paths in reads.items():
            hooks += [hf.get_submodule(path).register_forward_hook(start(path)) for path in paths]
            projection = anatomy.projections[block]
            if projection is not None:
                hooks.append(projection.register_forward_pre_hook(end(block)))
        yield made, entered
    finally:
        for hook in hooks:
            hook.remove()


def _owner(hf: Any, name: str) -> nn.Module:
    return hf.get_submodule(name.rpartition(".")[0])


def _out_axis(module: nn.Module, kind: str) -> int:
    """Return along which axis a parameter of a linear map runs over what the map makes."""
    return 1 if kind == "weight" and transposed(module) else 0
