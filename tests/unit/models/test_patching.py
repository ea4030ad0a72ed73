"""Edits take effect, are out of place, are read back, and leave no hook behind on any way out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from toys import N_BLOCKS, toy

from taskscope.errors import ModelError
from taskscope.models.blocks import Anatomy
from taskscope.models.guard import live_hooks
from taskscope.models.language_model import LanguageModel
from taskscope.models.patching import BlockEdits, patched

PROMPTS = ["corn->", "hot->", "apple->red\nlime->"]


class Block(nn.Module):
    """Adds one; returns what `form` makes of it, and notes what it returned."""

    def __init__(self, form: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.form = form
        self.returned: Any = None

    def forward(self, hidden_states: Tensor) -> Any:
        self.returned = self.form(hidden_states + 1)
        return self.returned


class Stack(nn.Module):
    """Blocks one after another, called in the way that `call` says."""

    def __init__(self, form: Callable[[Tensor], Any], call: Callable[[nn.Module, Any], Any]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(form) for _ in range(3))
        self.call = call

    def forward(self, hidden: Tensor) -> Tensor:
        for block in self.blocks:
            output = self.call(block, hidden)
            hidden = output if isinstance(output, Tensor) else output[0]
        return hidden


def anatomy_of(stack: Stack) -> Anatomy:
    return Anatomy(stack.blocks, "blocks", None, nn.Identity(), (None,) * 3, 0, 0)


def edit_at(row: int, slot: int, vector: Tensor) -> BlockEdits:
    return BlockEdits(torch.tensor([row]), torch.tensor([slot]), vector[None])


@pytest.mark.parametrize("form", [lambda h: h, lambda h: (h, "cache")], ids=["tensor", "tuple"])
@pytest.mark.parametrize(
    "call", [lambda block, h: block(h), lambda block, h: block(hidden_states=h)], ids=["args", "kwargs"]
)
def test_an_edit_reaches_what_follows_and_leaves_the_blocks_own_output_alone(form: Any, call: Any) -> None:
    stack = Stack(form, call)
    vector = torch.full((4,), 10.0)
    with patched(anatomy_of(stack), {0: edit_at(1, 2, vector), 2: edit_at(0, 0, vector)}):
        out = stack(torch.zeros(2, 3, 4))
    assert torch.equal(out[1, 2], vector + 2)
    assert torch.equal(out[0, 0], vector)
    assert torch.equal(out[1, 1], torch.full((4,), 3.0))
    own = stack.blocks[0].returned
    assert torch.equal(own if isinstance(own, Tensor) else own[0], torch.ones(2, 3, 4))


def test_adding_counts_from_what_is_there() -> None:
    stack = Stack(lambda h: h, lambda block, h: block(h))
    with patched(anatomy_of(stack), {1: edit_at(0, 1, torch.full((4,), 5.0))}, "add"):
        out = stack(torch.zeros(1, 2, 4))
    assert out[0, :, 0].tolist() == [3.0, 8.0]


def test_not_a_number_can_be_written_and_read_back() -> None:
    stack = Stack(lambda h: h, lambda block, h: block(h))
    with patched(anatomy_of(stack), {0: edit_at(0, 0, torch.full((4,), float("nan")))}):
        out = stack(torch.zeros(1, 2, 4))
    assert out[0, 0].isnan().all()


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda block, h: (block(h), block.returned)[1], "did not reach the module that follows"),
        (lambda block, h: h, "ran 0 times"),
        (lambda block, h: block(block(h)), "ran 2 times"),
    ],
    ids=["ignored", "never run", "run twice"],
)
def test_an_edit_without_effect_is_an_error(call: Any, problem: str) -> None:
    stack = Stack(lambda h: h, call)
    with (
        pytest.raises(ModelError, match=problem),
        patched(anatomy_of(stack), {0: edit_at(0, 0, torch.full((4,), 9.0))}),
    ):
        stack(torch.zeros(1, 2, 4))
    assert live_hooks(stack) == []


def test_a_block_that_returns_no_residual_is_an_error() -> None:
    stack = Stack(lambda h: {"hidden": h}, lambda block, h: block(h)["hidden"])
    with (
        pytest.raises(ModelError, match="a block returned dict"),
        patched(anatomy_of(stack), {0: edit_at(0, 0, torch.zeros(4))}),
    ):
        stack(torch.zeros(1, 2, 4))
    assert live_hooks(stack) == []


@pytest.mark.parametrize("failure", [RuntimeError("broken"), KeyboardInterrupt()])
def test_no_hook_is_left_behind_when_a_pass_fails(failure: BaseException) -> None:
    model = toy("llama", fresh=True)
    block = model.anatomy.blocks[2]
    calls: list[tuple[Callable[[], Any], str]] = [
        (lambda: model.capture(PROMPTS), "capture"),
        (lambda: model.capture(PROMPTS, what="heads"), "capture heads"),
        (lambda: sweep_zeros(model), "sweep"),
        (lambda: model.score([(prompt, "red") for prompt in PROMPTS]), "score"),
    ]

    def fail(_module: nn.Module, _args: Any) -> None:
        assert live_hooks(model.hf), "the pass runs under hooks"
        raise failure

    handle = block.register_forward_pre_hook(fail)
    for call, name in calls:
        with pytest.raises(type(failure)):
            call()
        assert live_hooks(model.hf) == [], name
    handle.remove()
    assert sweep_zeros(model).first_token.shape == (1, len(PROMPTS), N_BLOCKS)


def sweep_zeros(model: LanguageModel) -> Any:
    shape = (len(PROMPTS), N_BLOCKS, model.d_model)
    return model.sweep(PROMPTS, {"zero": np.zeros(shape, np.float32)}, {"gold": [["red"]] * len(PROMPTS)})
