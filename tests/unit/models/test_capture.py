"""What is read is what the model computes for each prompt alone."""

from typing import Any

import numpy as np
import pytest
import torch
from oracles import assert_close, plain_residuals
from toys import FAMILIES, N_BLOCKS, N_HEADS, hf_model, toy

from taskscope.errors import TaskscopeError
from taskscope.models.batching import Batch, Route

DEMONSTRATIONS = "apple->red\nlime->green\n"
PROMPTS = [f"{DEMONSTRATIONS}corn->", "hot->", f"{DEMONSTRATIONS}plum->", f"{DEMONSTRATIONS}snow and coal->"]


@pytest.mark.parametrize("route", ["branches", "rows"])
@pytest.mark.parametrize("family", FAMILIES)
def test_residuals_equal_the_hidden_states_of_each_prompt_alone(family: str, route: Route) -> None:
    model = toy(family, route)
    found = model.capture(PROMPTS)
    assert found.shape == (len(PROMPTS), N_BLOCKS, model.d_model)
    assert found.dtype == np.float32
    for prompt, residual in zip(PROMPTS, found, strict=True):
        wanted = plain_residuals(model.hf, model.encode(prompt))[:, -1]
        assert_close(residual[:-1], wanted, float(np.abs(wanted).max()))


def test_prompts_that_share_demonstrations_are_packed_in_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    model = toy("llama")
    seen: list[Batch] = []
    lay_out = model.executor.passes.lay_out
    monkeypatch.setattr(model.executor.passes, "lay_out", lambda batch: seen.append(batch) or lay_out(batch))
    model.capture(PROMPTS)
    assert sorted(work.n_branches for batch in seen for work in batch.works) == [1, 3]
    tokens = sum(work.tree.size for batch in seen for work in batch.works)
    assert tokens < 0.7 * sum(len(model.encode(prompt)) for prompt in PROMPTS)


@pytest.mark.parametrize("route", ["branches", "rows"])
def test_any_position_can_be_read_also_inside_what_is_shared(route: Route) -> None:
    model = toy("gpt2", route)
    positions = [3, -2, -1, 0]
    found = model.capture(PROMPTS, blocks=[2, 0], position=positions)
    for prompt, position, residual in zip(PROMPTS, positions, found, strict=True):
        wanted = plain_residuals(model.hf, model.encode(prompt))[[2, 0], position]
        assert_close(residual, wanted, float(np.abs(wanted).max()))


def test_equal_prompts_are_read_each_at_its_own_position() -> None:
    model = toy("llama")
    first, last = model.capture(["wet->dry", "wet->dry"], position=[1, -1])
    wanted = plain_residuals(model.hf, model.encode("wet->dry"))
    assert_close(first[:-1], wanted[:, 1], 1.0)
    assert_close(last[:-1], wanted[:, -1], 1.0)


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma2", "gpt2", "gptj", "gpt_neox"])
def test_heads_through_the_output_weights_give_the_attention_output(family: str) -> None:
    model = toy(family)
    heads = model.capture(PROMPTS, what="heads")
    assert heads.shape == (len(PROMPTS), N_BLOCKS, N_HEADS, model.head_dim)
    outputs: dict[int, torch.Tensor] = {}

    def keep(block: int) -> Any:
        return lambda _module, _args, output: outputs.update({block: output[0, -1]})

    for prompt, mixed in zip(PROMPTS, heads, strict=True):
        hooks = [
            p.register_forward_hook(keep(block)) for block, p in enumerate(model.anatomy.projections) if p
        ]
        with torch.no_grad():
            model.hf(input_ids=torch.tensor([model.encode(prompt)]))
        for hook in hooks:
            hook.remove()
        for block, projection in enumerate(model.anatomy.projections):
            assert projection is not None
            weight = projection.weight.detach().numpy()
            weight = weight if type(projection).__name__ == "Conv1D" else weight.T
            bias = projection.bias.detach().numpy() if projection.bias is not None else 0.0
            by_head = weight.reshape(N_HEADS, model.head_dim, -1)
            wanted = outputs[block].numpy()
            assert_close(
                np.einsum("hi,hid->d", mixed[block], by_head) + bias, wanted, 10 * np.abs(wanted).max()
            )


def test_half_precision_is_returned_as_float32() -> None:
    model = toy("llama", dtype="bfloat16")
    found = model.capture(PROMPTS[:2])
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


def test_a_position_outside_its_prompt_is_refused() -> None:
    model = toy("llama")
    with pytest.raises(TaskscopeError, match="position 90 in prompt 1"):
        model.capture(PROMPTS[:2], position=[0, 90])


def test_blocks_outside_the_model_are_refused() -> None:
    with pytest.raises(TaskscopeError, match=rf"blocks \[{N_BLOCKS}\]"):
        toy("llama").capture(PROMPTS[:1], blocks=[0, N_BLOCKS])


def test_a_block_without_attention_projection_is_named() -> None:
    import dataclasses

    model = toy("llama", fresh=True)
    anatomy = model.anatomy
    model.executor.anatomy = dataclasses.replace(anatomy, projections=(None, *anatomy.projections[1:]))
    with pytest.raises(TaskscopeError, match="block 0 has no attention output projection"):
        model.capture(PROMPTS[:1], what="heads")


def test_the_families_return_their_residual_in_both_known_forms() -> None:
    """The tests above must have seen a bare tensor and a tuple, whatever the version of transformers."""
    kinds = set()
    for family in FAMILIES:
        hf = hf_model(family)
        blocks = toy(family).anatomy.path
        handle = hf.get_submodule(blocks)[0].register_forward_hook(
            lambda _module, _args, output: kinds.add(type(output).__name__)
        )
        with torch.no_grad():
            hf(input_ids=torch.tensor([[5, 6]]))
        handle.remove()
    assert kinds == {"Tensor", "tuple"}
