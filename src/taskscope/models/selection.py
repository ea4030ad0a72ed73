"""Which states of a pass reach the output head, and whether the head's logits are the model's own."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn

from taskscope.errors import ModelError

LARGE = 100.0
"""Logits at which every cap that a class puts on them shows."""


class HeadSelection:
    """Lets only the wanted places reach the output head.

    As a hook before the head, it leaves whatever scaling or softcap the model's class applies to logits in
    force. Classes that do not call their head as a module compute all the logits, which are then picked from.
    """

    def __init__(self, rows: Tensor, slots: Tensor, shape: tuple[int, ...]) -> None:
        self.rows, self.slots, self.shape = rows, slots, shape
        self.fired = False

    def __call__(self, _module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Hand the head the wanted places alone, (1, place, d_model)."""
        hidden = args[0] if args else None
        if not isinstance(hidden, Tensor) or hidden.ndim != 3 or hidden.shape[:2] != self.shape:
            return None
        self.fired = True
        return hidden[self.rows.to(hidden.device), self.slots.to(hidden.device)][None], *args[1:]

    def gather(self, logits: Tensor) -> Tensor:
        """Return the logits (place, vocabulary) of the wanted places."""
        if self.fired and logits.shape[:2] == (1, len(self.rows)):
            return logits[0]
        if not self.fired and logits.shape[:2] == self.shape:
            return logits[self.rows.to(logits.device), self.slots.to(logits.device)]
        raise ModelError(
            f"the model returned logits of shape {tuple(logits.shape)} for tokens of shape {self.shape}",
            "logits (row, token, vocabulary)",
        )


class StateSelection:
    """Takes the states of the wanted places away before the output head, which is left a single one."""

    def __init__(self, rows: Tensor, slots: Tensor) -> None:
        self.rows, self.slots = rows, slots
        self.states: Tensor | None = None

    def __call__(self, _module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Keep the wanted states, and hand the head one of them."""
        hidden, *rest = args
        self.states = hidden[self.rows.to(hidden.device), self.slots.to(hidden.device)]
        return hidden[:1, :1].detach(), *rest

    def taken(self) -> Tensor:
        """Return the states (place, d_model).

        Raises:
            ModelError: If the head never ran.
        """
        if self.states is None:
            raise ModelError("the output head did not run", "a model that runs it once in every pass")
        return self.states


class PlainHead:
    """Finds the output head where a model's logits are what it gives and nothing else; asks once.

    Args:
        hf: A causal language model.
        head: Its output head.
        accepted: Names of the arguments that it takes.
    """

    def __init__(self, hf: Any, head: nn.Module, accepted: Collection[str]) -> None:
        self.hf, self.head, self.accepted = hf, head, accepted
        self._asked: Any = None
        self._found: nn.Linear | None = None

    def find(self) -> nn.Linear | None:
        """Return the head, or None where more is done; asked again where the model's code was replaced."""
        if self.hf._forward_hooks or self.head._forward_hooks or not _is_linear(self.head):
            return None
        outermost = self.hf.get_output_embeddings()
        if outermost is not None and outermost is not self.head:  # wrapped since, as adapters do
            return None
        code = self.hf.forward, outermost
        if self._asked != code:
            self._asked, self._found = code, plain_head(self.hf, self.head, self.accepted)
        return self._found


def plain_head(hf: Any, head: nn.Module, accepted: Collection[str]) -> nn.Linear | None:
    """Return the output head where a model's logits are what it gives and nothing else.

    Tried on states so long that their logits are large: a class that scales or caps them, or does not run
    its head as a module, shows.

    Args:
        hf: A causal language model.
        head: Its output head.
        accepted: Names of the arguments that it takes.
    """
    if not _is_linear(head):
        return None
    made: list[Tensor] = []

    def lengthen(_module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        hidden = args[0] if args else None
        if not isinstance(hidden, Tensor) or hidden.ndim != 3 or hidden.shape[:2] != (1, 2):
            return None
        most = float(nn.functional.linear(hidden, head.weight).abs().max())
        if not (0 < most < math.inf):
            return None
        longer = hidden * (LARGE / most)
        made.append(nn.functional.linear(longer, head.weight, head.bias))
        return longer, *args[1:]

    token = torch.zeros((1, 2), dtype=torch.int64, device=hf.device)
    handle = head.register_forward_pre_hook(lengthen)
    try:
        with torch.no_grad():
            given = {"input_ids": token, "attention_mask": torch.ones_like(token), "use_cache": False}
            logits = hf(**{name: value for name, value in given.items() if name in accepted}).logits
    finally:
        handle.remove()
    if len(made) != 1 or logits.shape != made[0].shape or not torch.equal(logits.float(), made[0].float()):
        return None
    return head


def _is_linear(head: nn.Module) -> TypeGuard[nn.Linear]:
    """Tell whether a head is a product and nothing else; wrappers and patches of an instance are more."""
    return type(head) is nn.Linear and "forward" not in vars(head)
