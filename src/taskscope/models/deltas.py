"""Sparse changes of a model's weights: stored as bitmaps and values, put on and taken off bit for bit.

A bitmap takes one bit for each weight, less than indices would as soon as one weight in 32 changes. What was
there before is kept and copied back, never computed back, so that nothing drifts (protocol task_spaces 5.3).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from taskscope.errors import ModelError, TaintedModelError, nearest
from taskscope.models.guard import bit_sum


@dataclass(frozen=True)
class Delta:
    """What is added to some weights of a model."""

    bitmaps: dict[str, np.ndarray]
    """By name of the parameter, uint8 (ceil(size / 8),): a set bit for each weight that changes, in order."""
    values: dict[str, np.ndarray]
    """By name, (changed weight,): what is added, float32 or the type of the weights where that is wider."""
    shapes: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, mask: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> Delta:
        """Make one from masks of the parameters' shapes, and the values at what they keep, in order."""
        return cls(
            {name: np.packbits(kept.cpu().numpy().ravel()) for name, kept in mask.items()},
            {name: values[name].detach().cpu().numpy() for name in mask},
            {name: tuple(kept.shape) for name, kept in mask.items()},
        )

    @cached_property
    def n_changed(self) -> int:
        """Weights that change."""
        return sum(map(len, self.values.values()))

    @property
    def norm(self) -> float:
        """Length of the change."""
        return float(np.sqrt(sum((part.astype(np.float64) ** 2).sum() for part in self.values.values())))

    def scaled(self, factor: float) -> Delta:
        """Return the same change, longer or shorter."""
        return Delta(self.bitmaps, {name: factor * part for name, part in self.values.items()}, self.shapes)

    def only(self, names: Collection[str]) -> Delta:
        """Return the part of the change that falls on some parameters."""
        kept = [name for name in self.values if name in names]
        return Delta(
            {name: self.bitmaps[name] for name in kept},
            {name: self.values[name] for name in kept},
            {name: self.shapes[name] for name in kept},
        )

    def where(self, name: str) -> np.ndarray:
        """Return the flat indices of the weights of a parameter that change, in order."""
        size = int(np.prod(self.shapes[name], dtype=np.int64))
        return np.flatnonzero(np.unpackbits(self.bitmaps[name], count=size))


@contextmanager
def edited(hf: Any, delta: Delta) -> Iterator[None]:
    """Add a change to a model's weights, and put them back bit for bit at the end.

    Raises:
        ModelError: If the model has no such parameters.
        TaintedModelError: If the weights are not as before after they were put back.
    """
    parameters = dict(hf.named_parameters())
    _check(parameters, delta)
    changed = [name for name in delta.values if len(delta.values[name])]
    sums = {name: bit_sum(parameters[name]) for name in changed}
    before: dict[str, tuple[Tensor, Tensor]] = {}
    try:
        with torch.no_grad():
            for name in changed:
                flat = parameters[name].view(-1)
                index = torch.from_numpy(delta.where(name)).to(flat.device)
                before[name] = index, flat[index]
                added = torch.from_numpy(delta.values[name]).to(flat.device)
                flat[index] = (before[name][1].to(added.dtype) + added).to(flat.dtype)
        yield
    finally:
        restore(parameters, before)
    left = [name for name in changed if bit_sum(parameters[name]) != sums[name]]
    if left:
        raise TaintedModelError(
            f"{len(left)} parameters are not as before the change, first {left[0]}",
            "weights that nothing else writes to while a change is on",
        )


def restore(parameters: Mapping[str, Tensor], before: Mapping[str, tuple[Tensor, Tensor]]) -> None:
    """Copy weights back: by name of the parameter, flat indices and what was there."""
    with torch.no_grad():
        for name, (index, values) in before.items():
            parameters[name].view(-1)[index] = values


def _check(parameters: Mapping[str, Tensor], delta: Delta) -> None:
    for name, shape in delta.shapes.items():
        if name not in parameters:
            raise ModelError(
                f"a change of {name!r}, which this model does not have",
                "the model that it was made for",
                nearest(name, parameters),
            )
        if tuple(parameters[name].shape) != shape:
            raise ModelError(
                f"a change of {name!r} of shape {shape}, which is {tuple(parameters[name].shape)} here",
                "the model that it was made for",
            )
