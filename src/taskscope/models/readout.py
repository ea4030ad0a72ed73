"""From last states to log-probabilities, the vocabulary a slice at a time; and back.

Where a model's logits are its output head's and nothing else, they are never held together: a slice that
stays in the processor's cache is multiplied out, added to the running sum of exponentials and forgotten.
States that several questions are asked of are multiplied out once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

CACHED = 1 << 19
"""Logits of a slice on a processor."""
CHUNK = 1 << 26
"""The same on an accelerator, where every slice is a few calls."""


@dataclass(frozen=True)
class Questions:
    """Which tokens are asked for, at which states."""

    which: Tensor
    """(question,) int64: the state."""
    targets: Tensor
    """(question, target) int64 token ids."""


@dataclass(frozen=True)
class Slope:
    """The slope of a weighted sum of log-probabilities."""

    states: Tensor
    """(state, d_model), by the states."""
    weight: Tensor
    """(vocabulary, d_model), by the head's weights."""
    bias: Tensor | None
    """(vocabulary,), by its bias where it has one."""
    logprob: Tensor
    """(question,) log p of the targets, nats, in float32, or float64 where the states are."""


@torch.no_grad()
def predict(states: Tensor, head: nn.Linear, questions: Questions) -> tuple[Tensor, Tensor]:
    """Return the most likely token (question,) int64 and log p of the targets (question, target), nats.

    As `scoring.reduce_logits` gives them from logits: in float32 at least, over the full vocabulary.

    Args:
        states: (state, d_model), what the head takes.
        head: The output head.
        questions: What is asked.
    """
    best = torch.zeros(len(states), dtype=torch.int64, device=states.device)

    def rank(start: int, logits: Tensor, rose: Tensor) -> None:
        rows = rose.nonzero()[:, 0]
        best[rows] = logits[rows].argmax(1) + start

    summed = _Summed.over(states, head, questions, rank)
    return best[questions.which], summed.logprob


@torch.no_grad()
def differentiate(states: Tensor, head: nn.Linear, questions: Questions, weights: Tensor) -> Slope:
    """Differentiate the sum over questions of weight times log p of the target.

    At a state where weights add up to zero, as where the two sentences of a pair part, the sum of
    exponentials cancels and only the targets' own rows of the head are left.

    Args:
        states: (state, d_model), what the head takes.
        head: The output head.
        questions: What is asked, one target each.
        weights: (question,).
    """
    which, target = questions.which, questions.targets[:, 0]
    weights = weights.to(_exact(states))
    total = weights.new_zeros(len(states)).index_add_(0, which, weights)
    # States that count come first, so that the others are left out without a copy.
    order = torch.argsort((total == 0).to(torch.int8), stable=True)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order), device=order.device)
    states, total, which = states[order], total[order], rank[which]
    live = int((total != 0).sum())
    kept: list[tuple[int, Tensor, Tensor]] = []
    summed = _Summed.over(states, head, Questions(which, questions.targets), kept=kept)
    # Added up exactly: many slices of 16 bits would lose more than one product does.
    by_states = torch.zeros_like(states, dtype=weights.dtype)
    by_states.index_add_(0, which, weights[:, None] * head.weight[target])
    by_weight = torch.empty_like(head.weight)
    by_bias = None if head.bias is None else torch.empty_like(head.bias)
    for start, raised, most in kept:
        stop = start + raised.shape[1]
        # What was summed is relative to the largest logit so far; the share of the whole is what counts.
        share = -total * (most - summed.log_sum).exp()
        sloped = raised[:live].mul_(share[:live, None]).to(states.dtype)
        by_states[:live] += sloped @ head.weight[start:stop]
        torch.mm(sloped.t(), states[:live], out=by_weight[start:stop])
        if by_bias is not None:
            by_bias[start:stop] = sloped.sum(0)
    by_weight.index_add_(0, target, (weights[:, None] * states[which]).to(states.dtype))
    if by_bias is not None:
        by_bias.index_add_(0, target, weights.to(by_bias.dtype))
    return Slope(by_states[rank].to(states.dtype), by_weight, by_bias, summed.logprob[:, 0])


@dataclass
class _Summed:
    """What is known of states and questions after some slices of the vocabulary."""

    most: Tensor
    """(state,) the largest logit."""
    total: Tensor
    """(state,) the sum of exponentials of logits less `most`."""
    told: Tensor
    """(question, target) the targets' logits."""
    log_sum: Tensor = field(init=False)
    """(state,) log of the sum of exponentials, once all are in."""
    logprob: Tensor = field(init=False)
    """(question, target), once all are in."""

    @classmethod
    def over(
        cls,
        states: Tensor,
        head: nn.Linear,
        questions: Questions,
        rank: Callable[[int, Tensor, Tensor], None] | None = None,
        kept: list[tuple[int, Tensor, Tensor]] | None = None,
    ) -> _Summed:
        """Go through the vocabulary once.

        Args:
            states: (state, d_model).
            head: The output head.
            questions: What is asked.
            rank: Told of each slice's first token, its logits, and at which states one is the largest so far.
            kept: Filled with each slice's first token, its exponentials, and what was taken off before.
        """
        exact = _exact(states)
        found = cls(
            states.new_full((len(states),), -torch.inf, dtype=exact),
            states.new_zeros(len(states), dtype=exact),
            states.new_zeros(questions.targets.shape, dtype=exact),
        )
        lowest = torch.finfo(exact).min
        for start, product in _slices(states, head, fresh=kept is not None):
            logits = product.to(exact)
            found._tell(start, logits, questions)
            top = logits.amax(1)
            if rank is not None:
                rank(start, logits, top > found.most)
            most = torch.maximum(found.most, top).clamp(min=lowest)  # a head may rule a whole slice out
            raised = logits.sub_(most[:, None]).exp_()
            found.total = found.total * (found.most - most).exp_() + raised.sum(1)
            found.most = most
            if kept is not None:
                kept.append((start, raised, most))
        found.log_sum = found.most + found.total.log()
        found.logprob = found.told - found.log_sum[questions.which, None]
        return found

    def _tell(self, start: int, logits: Tensor, questions: Questions) -> None:
        """Note the logits of the targets that lie in a slice."""
        place = questions.targets - start
        question, column = ((place >= 0) & (place < logits.shape[1])).nonzero(as_tuple=True)
        self.told[question, column] = logits[questions.which[question], place[question, column]]


def _exact(states: Tensor) -> torch.dtype:
    return torch.promote_types(states.dtype, torch.float32)


def _slices(states: Tensor, head: nn.Linear, fresh: bool) -> Iterator[tuple[int, Tensor]]:
    """Yield the first token of each slice and its logits (state, token), to be written over.

    Args:
        states: (state, d_model).
        head: The output head.
        fresh: Whether each is to stay valid behind the next.
    """
    n, size = len(states), head.weight.shape[0]
    step = max(1, min(size, (CACHED if states.device.type == "cpu" else CHUNK) // n))
    held = None if fresh else states.new_empty(n * step)
    for start in range(0, size, step):
        weight = head.weight[start : start + step]
        room = n * len(weight)
        product = (states.new_empty(room) if held is None else held[:room]).view(n, len(weight))
        if head.bias is None:
            torch.mm(states, weight.t(), out=product)
        else:
            torch.addmm(head.bias[start : start + step], states, weight.t(), out=product)
        yield start, product
