"""Whatever a measurement leaves behind is noticed; what it puts back is not held against it."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from toys import toy

from taskscope.errors import TaintedModelError
from taskscope.models.guard import Guard, live_hooks
from taskscope.models.patching import BlockEdits, patched


def a_hook(hf: Any) -> None:
    edit = BlockEdits(torch.tensor([0]), torch.tensor([0]), torch.zeros(1, 32))
    ours = patched(toy("llama").anatomy, {0: edit})
    with pytest.raises(ZeroDivisionError), ours:
        *_, hook = toy("llama").anatomy.blocks[0]._forward_hooks.values()
        hf.model.layers[1].register_forward_hook(hook)
        raise ZeroDivisionError


def one_weight(hf: Any) -> None:
    with torch.no_grad():
        hf.model.layers[2].mlp.up_proj.weight[3, 5] += 1e-3


def behind_the_counter(hf: Any) -> None:
    hf.model.embed_tokens.weight.data.mul_(1.01)


def another_tensor(hf: Any) -> None:
    hf.model.norm.weight.data = hf.model.norm.weight.data + 1


def another_parameter(hf: Any) -> None:
    hf.model.extra = torch.nn.Parameter(torch.zeros(2))


def training(hf: Any) -> None:
    hf.model.layers[0].train()


def attention(hf: Any) -> None:
    hf.set_attn_implementation("eager")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (a_hook, "1 hooks left, first on model.layers.1"),
        (one_weight, "1 parameters changed, first model.layers.2.mlp.up_proj.weight"),
        (behind_the_counter, "first model.embed_tokens.weight"),
        (another_tensor, "first model.norm.weight"),
        (another_parameter, "1 parameters changed, first model.extra"),
        (training, "in training mode"),
        (attention, "attention is eager, was sdpa"),
    ],
)
def test_a_trace_is_named(change: Callable[[Any], None], named: str) -> None:
    model = toy("llama", fresh=True)
    with pytest.raises(TaintedModelError, match=named), model.guard():
        change(model.hf)


@pytest.mark.parametrize("change", [one_weight, training])
def test_a_trace_is_noticed_also_when_the_measurement_failed(change: Callable[[Any], None]) -> None:
    model = toy("llama", fresh=True)
    with pytest.raises(TaintedModelError) as caught, model.guard():
        change(model.hf)
        raise ZeroDivisionError("the measurement's own error")
    assert isinstance(caught.value.__context__, ZeroDivisionError)


def test_an_edit_that_is_put_back_bit_for_bit_is_no_trace() -> None:
    model = toy("llama", fresh=True)
    weight = model.hf.model.layers[0].mlp.up_proj.weight
    with model.guard(), torch.no_grad():
        before = weight.clone()
        weight.add_(1.0)
        weight.copy_(before)
    with pytest.raises(TaintedModelError, match="up_proj"), model.guard(), torch.no_grad():
        weight[0, 1].add_(1.0)


def test_what_was_changed_before_is_seen_by_every_later_guard() -> None:
    model = toy("llama", fresh=True)
    guard = Guard(model.hf)
    for _ in range(2):
        with pytest.raises(TaintedModelError, match="parameters changed"), guard():
            one_weight(model.hf)


def test_errors_and_interrupts_pass_through_a_clean_guard() -> None:
    model = toy("llama")
    for error in (ZeroDivisionError, KeyboardInterrupt):
        with pytest.raises(error), model.guard():
            raise error


def test_hooks_of_others_are_not_counted() -> None:
    model = toy("llama", fresh=True)
    model.hf.register_forward_hook(lambda *_: None)
    with model.guard():
        model.capture(["hot->"])
    assert live_hooks(model.hf) == []


def test_half_precision_weights_are_compared_by_their_bits() -> None:
    model = toy("llama", fresh=True, dtype="bfloat16")
    with torch.no_grad():
        model.hf.model.norm.weight[0] = float("nan")
    with model.guard():
        model.capture(["hot->"])
    with pytest.raises(TaintedModelError, match="norm"), model.guard(), torch.no_grad():
        model.hf.model.norm.weight[1] = float("nan")
