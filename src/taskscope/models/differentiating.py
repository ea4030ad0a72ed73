"""The gradient of log-probabilities by every parameter, from one pass there and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from taskscope.models import readout
from taskscope.models.branching import Layout
from taskscope.models.passing import Passes
from taskscope.models.readout import Questions
from taskscope.models.scoring import slope_of_logits
from taskscope.models.work import Places


def differentiate(
    passes: Passes,
    layout: Layout,
    places: Places,
    targets: Tensor,
    weights: Tensor,
    parameters: Mapping[str, nn.Parameter],
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return log p of the targets (place,), and by name the gradient of their weighted sum."""
    head = passes.plain_head.find()
    if head is None:
        rows, slots = passes.indices(layout, places.branch, places.position)
        reached = passes.forward(layout, rows, slots)
        slope, logprob = slope_of_logits(reached.detach(), targets, weights)
        own: dict[Tensor, Tensor] = {}
    else:
        rows, slots, which = passes.distinct(layout, places)
        reached = passes.states(layout, rows, slots, head)
        found = readout.differentiate(reached.detach(), head, Questions(which, targets[:, None]), weights)
        slope, logprob, own = found.states, found.logprob, {head.weight: found.weight}
        if found.bias is not None:
            own[head.bias] = found.bias
    parts = torch.autograd.grad(reached, list(parameters.values()), slope, allow_unused=True)
    both = {
        name: [each for each in (part, own.get(parameter)) if each is not None]
        for (name, parameter), part in zip(parameters.items(), parts, strict=True)
    }
    # A head that is also the embedding gets a share from either end.
    return logprob, {
        name: each[0].add_(each[1]) if len(each) > 1 else each[0] for name, each in both.items() if each
    }


@contextmanager
def differentiable(parameters: Iterable[nn.Parameter]) -> Iterator[None]:
    """Let parameters be differentiated by, which loading switches off."""
    frozen = [parameter for parameter in parameters if not parameter.requires_grad]
    for parameter in frozen:
        parameter.requires_grad_(True)
    try:
        yield
    finally:
        for parameter in frozen:
            parameter.requires_grad_(False)
