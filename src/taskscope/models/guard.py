"""Hygiene: what a measurement must leave as it found it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from taskscope.errors import TaintedModelError

SAMPLED = 64
"""Elements of every parameter that are compared each time."""


class Guard:
    """Checks that measuring left no trace (design numerics 9); made once per model, which it fingerprints.

    Every parameter is summed once, and again only when its version counter or its memory says that somebody
    wrote to it; a few elements of each are compared every time, for writes that the counter does not see.
    """

    def __init__(self, hf: Any) -> None:
        self.hf = hf
        self._stamps = _stamps(hf)
        self._sums = {name: bit_sum(p) for name, p in hf.named_parameters()}

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Run a measurement; afterwards the model must be as before.

        Raises:
            TaintedModelError: If hooks of taskscope are left, the model is in training mode, a parameter
                changed, or the attention implementation did.
        """
        attention, samples = _attention(self.hf), _samples(self.hf)
        try:
            yield
        except Exception:
            self._check(attention, samples)
            raise
        self._check(attention, samples)

    def _check(self, attention: str, samples: dict[str, Tensor]) -> None:
        traces = self._traces(attention, samples)
        if traces:
            raise TaintedModelError(
                "the model was left changed: " + "; ".join(traces),
                "a measurement that leaves hooks, mode, weights and attention as it found them",
            )

    def _traces(self, attention: str, samples: dict[str, Tensor]) -> list[str]:
        hooks = live_hooks(self.hf)
        traces = [f"{len(hooks)} hooks left, first on {hooks[0] or 'the model'}"] if hooks else []
        if any(module.training for module in self.hf.modules()):
            traces.append("in training mode")
        if _attention(self.hf) != attention:
            traces.append(f"attention is {_attention(self.hf)}, was {attention}")
        changed = self._changed(samples)
        if changed:
            traces.append(f"{len(changed)} parameters changed, first {changed[0]}")
        return traces

    def _changed(self, samples: dict[str, Tensor]) -> list[str]:
        now, stamps = _samples(self.hf), _stamps(self.hf)
        if now.keys() != samples.keys():
            return sorted(now.keys() ^ samples.keys())
        changed = []
        for name, parameter in self.hf.named_parameters():
            written = stamps[name] != self._stamps[name]
            if not torch.equal(now[name], samples[name]) or (
                written and bit_sum(parameter) != self._sums[name]
            ):
                changed.append(name)
        self._stamps = stamps if not changed else self._stamps
        return changed


def live_hooks(hf: nn.Module) -> list[str]:
    """Name the modules that carry a hook made by taskscope, once per hook."""
    return [
        name
        for name, module in hf.named_modules()
        for hooks in (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks)
        for hook in hooks.values()
        if _ours(hook)
    ]


def _ours(hook: Any) -> bool:
    made_in = getattr(hook, "__module__", None) or type(hook).__module__
    return made_in.split(".")[0] == __name__.split(".")[0]


def _attention(hf: Any) -> str:
    return str(getattr(hf.config, "_attn_implementation", ""))


def _stamps(hf: nn.Module) -> dict[str, tuple[int, int]]:
    return {name: (p.data_ptr(), p._version) for name, p in hf.named_parameters()}


def _bits(values: Tensor) -> Tensor:
    """View numbers as integers, so that equal means the same bits."""
    sizes = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    return values.contiguous().view(sizes[values.element_size()])


def bit_sum(parameter: Tensor) -> int:
    """Add the bits of all numbers up, read as whole numbers: equal for equal weights."""
    return int(_bits(parameter.detach()).sum(dtype=torch.int64))


def _samples(hf: nn.Module) -> dict[str, Tensor]:
    samples = {}
    for name, parameter in hf.named_parameters():
        flat = parameter.detach().reshape(-1)
        samples[name] = _bits(flat[:: max(1, len(flat) // SAMPLED)])
    return samples
