"""What tuning on one task would do to another, told from gradients alone (protocol task_spaces 2.7 and 5.4).

A small step along the masked gradient of task i changes the mean margin of task j by its length times the
product of that direction with the gradient of j. One gradient of each task gives the whole map.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from taskscope.models.deltas import Delta
from taskscope.models.gradients import Gradient, Mask


@dataclass(frozen=True)
class Step:
    """The direction in which tuning on a task goes first: its gradient on the weights that its mask keeps."""

    places: dict[str, Tensor]
    """By name of the parameter, flat indices of what is kept."""
    values: dict[str, Tensor]
    shapes: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, gradient: Gradient, mask: Mask) -> Step:
        """Keep what a mask keeps of a gradient, and nothing else of either."""
        places = {name: kept.flatten().nonzero()[:, 0] for name, kept in mask.items()}
        places = {name: at for name, at in places.items() if len(at)}
        values = {name: gradient[name].flatten()[at] for name, at in places.items()}
        return cls(places, values, {name: tuple(mask[name].shape) for name in places})

    def along(self, gradient: Gradient) -> float:
        """Return the slope of a margin with this gradient along the direction, nats per unit of length."""
        return sum(
            float(self.values[name].double() @ gradient[name].flatten()[at].double())
            for name, at in self.places.items()
        )

    @property
    def square(self) -> float:
        """Squared length: the slope of the task's own margin, on the pairs that the gradient is of."""
        return sum(float(values.double().square().sum()) for values in self.values.values())

    def delta(self, length: float) -> Delta:
        """Return the change of the weights that a step of this length along the direction is."""
        masks = {}
        for name, at in self.places.items():
            flat = torch.zeros(self.shapes[name], dtype=torch.bool).flatten()
            flat[at.cpu()] = True
            masks[name] = flat.view(self.shapes[name])
        return Delta.of(masks, {name: length * values for name, values in self.values.items()})
