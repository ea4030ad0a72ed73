"""All head effects of one pass equal the plain loop: one prompt, one head, one pass at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from oracles import assert_close, plain_logits
from torch import nn
from toys import N_BLOCKS, N_HEADS, toy

from taskscope.errors import ModelError, TaskscopeError
from taskscope.models.batching import Route
from taskscope.models.guard import live_hooks
from taskscope.models.heads import all_sites, attending_blocks
from taskscope.models.language_model import LanguageModel

PROMPTS = ["corn->", "apple->red\nlime->green\nplum->", "hot->cold\nup->down\nwet->dry\nin->"]
ANSWERS = ["yellow", "purple", "out"]
ARCHITECTURES = ("llama", "mistral", "qwen3", "gemma2", "gpt2", "gptj", "gpt_neox")
"""Grouped key heads, windows, heads wider than d_model / n_heads, biases, parallel blocks, later norms."""


def outputs_for(model: LanguageModel, *front: int) -> np.ndarray:
    rng = np.random.default_rng(5)
    return rng.normal(size=(*front, N_BLOCKS * N_HEADS, model.head_dim)).astype(np.float32)


def loop_logits(model: LanguageModel, ids: Sequence[int], block: int, head: int, value: np.ndarray) -> Any:
    """Logits (vocabulary,) after the last token with one head's slice overwritten in place."""
    own = slice(head * model.head_dim, (head + 1) * model.head_dim)

    def edit(_module: Any, args: tuple[Any, ...]) -> None:
        args[0][0, -1, own] = torch.from_numpy(value)

    projection = model.anatomy.projections[block]
    assert projection is not None
    handle = projection.register_forward_pre_hook(edit)
    try:
        return plain_logits(model.hf, ids)[-1]
    finally:
        handle.remove()


@pytest.mark.parametrize("route", ["branches", "rows"])
@pytest.mark.parametrize("family", ARCHITECTURES)
def test_one_pass_equals_the_loop_over_heads(family: str, route: Route) -> None:
    model = toy(family, route)
    outputs = outputs_for(model, len(PROMPTS))
    found = model.head_effects(PROMPTS, outputs, ANSWERS)
    assert found.sites == all_sites(range(N_BLOCKS), N_HEADS)
    for p, (prompt, answer) in enumerate(zip(PROMPTS, ANSWERS, strict=True)):
        ids, [token, *_] = model.encode_pair(prompt, answer)
        plain = plain_logits(model.hf, ids)[-1]
        assert_close(found.clean[p], plain.log_softmax(-1)[token], plain)
        wanted = [
            loop_logits(model, ids, block, head, outputs[p, i]).log_softmax(-1)[token]
            for i, (block, head) in enumerate(found.sites)
        ]
        assert_close(found.patched[p], wanted, plain)
        assert np.ptp(found.patched[p]) > 1e-3, "heads must differ, or the test shows nothing"


def test_one_output_for_all_prompts_and_some_heads_only() -> None:
    model = toy("llama")
    sites = [(2, 3), (0, 1)]
    outputs = outputs_for(model)[:2]
    shared = model.head_effects(PROMPTS, outputs, ANSWERS, sites)
    each = model.head_effects(PROMPTS, np.stack([outputs] * 3), ANSWERS, sites)
    np.testing.assert_array_equal(shared.patched, each.patched)
    whole = model.head_effects(PROMPTS, np.tile(outputs[0], (N_BLOCKS * N_HEADS, 1)), ANSWERS)
    np.testing.assert_allclose(shared.patched[:, 0], whole.patched[:, whole.sites.index((2, 3))], atol=1e-5)


def test_writing_back_what_was_read_changes_nothing() -> None:
    model = toy("gpt_neox")
    read = model.capture(PROMPTS, what="heads").reshape(len(PROMPTS), -1, model.head_dim)
    found = model.head_effects(PROMPTS, read, ANSWERS)
    np.testing.assert_allclose(found.indirect, 0, atol=1e-6)


def test_batches_of_any_size_give_the_same_numbers() -> None:
    model = toy("llama", fresh=True)
    outputs = outputs_for(model)
    whole = model.head_effects(PROMPTS, outputs, ANSWERS)
    model.executor.limits = type(model.executor.limits)(tokens=40, places=5, row=96)
    cut = model.head_effects(PROMPTS, outputs, ANSWERS)
    np.testing.assert_allclose(cut.patched, whole.patched, atol=2e-5)


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox", "qwen3"])
def test_what_heads_write_adds_up_to_the_projection_without_its_bias(family: str) -> None:
    model = toy(family)
    read = model.capture(PROMPTS, what="heads")
    sites = all_sites(range(N_BLOCKS), N_HEADS)
    written = model.head_writes(read.reshape(len(PROMPTS), -1, model.head_dim), sites)
    for block in range(N_BLOCKS):
        projection: Any = model.anatomy.projections[block]
        bias = 0 if projection.bias is None else projection.bias
        with torch.no_grad():
            whole = projection(torch.from_numpy(read[:, block].reshape(len(PROMPTS), -1))) - bias
        mine = written[:, block * N_HEADS : (block + 1) * N_HEADS].sum(axis=1)
        np.testing.assert_allclose(mine, whole.numpy(), atol=1e-4)


class Deaf(nn.Linear):
    """A projection that computes with its weights and another input than the one it is called with."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(x, self.weight, self.bias)


def test_a_projection_that_is_not_called_as_a_module_is_an_error_and_not_a_silent_zero() -> None:
    model = toy("llama", fresh=True)
    projection: Any = model.anatomy.projections[1]
    projection.__class__ = Deaf
    with pytest.raises(ModelError, match="ran 0 times"):
        model.head_effects(PROMPTS, outputs_for(model), ANSWERS)
    assert not live_hooks(model.hf)


def test_an_edit_that_is_undone_is_an_error() -> None:
    model = toy("llama", fresh=True)
    projection: Any = model.anatomy.projections[1]
    register = projection.register_forward_pre_hook

    def register_and_undo(hook: Any) -> Any:
        handle = register(hook)
        register(lambda _module, args: (torch.zeros_like(args[0]),))
        return handle

    projection.register_forward_pre_hook = register_and_undo
    with pytest.raises(ModelError, match="did not reach"):
        model.head_effects(PROMPTS, outputs_for(model), ANSWERS)


def test_models_whose_heads_cannot_be_told_apart_are_named() -> None:
    model = toy("llama", fresh=True)
    for block in model.anatomy.blocks:
        block.self_attn.o_proj = nn.Identity()
    anatomy = type(model.anatomy)(
        **{**vars(model.anatomy), "projections": (None,) * N_BLOCKS, "n_heads": 0, "head_dim": 0}
    )
    with pytest.raises(ModelError, match="type 'llama' cannot be told apart"):
        attending_blocks(anatomy, model.hf)


@pytest.mark.parametrize("site", [(0, N_HEADS), (N_BLOCKS, 0), (-1, 0)])
def test_heads_that_do_not_exist_are_refused(site: tuple[int, int]) -> None:
    model = toy("llama")
    with pytest.raises(ModelError, match=f"head {site[1]} of block {site[0]}"):
        model.head_effects(PROMPTS, outputs_for(model)[:1], ANSWERS, [site])


def test_outputs_of_a_wrong_shape_are_refused() -> None:
    model = toy("llama")
    with pytest.raises(TaskscopeError, match="head outputs of shape"):
        model.head_effects(PROMPTS, outputs_for(model)[:, :-1], ANSWERS)


@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox"])
def test_the_estimate_is_the_slope_of_the_exact_effect(family: str) -> None:
    """A hundredth of the way to the replacement, the first order is all there is."""
    model = toy(family)
    read = model.capture(PROMPTS, what="heads")
    target = outputs_for(model).reshape(N_BLOCKS, N_HEADS, model.head_dim)
    estimate = model.estimated_head_effects(PROMPTS, target, ANSWERS)
    share = 1e-2
    near = (read + share * (target - read)).reshape(len(PROMPTS), -1, model.head_dim)
    far = (read - share * (target - read)).reshape(len(PROMPTS), -1, model.head_dim)
    exact = model.head_effects(PROMPTS, near, ANSWERS).indirect
    exact = (exact - model.head_effects(PROMPTS, far, ANSWERS).indirect) / (2 * share)
    np.testing.assert_allclose(
        estimate.reshape(exact.shape), exact, atol=0.02 * np.abs(exact).max(axis=1).min()
    )
    assert not live_hooks(model.hf)
    assert all(p.grad is None for p in model.hf.parameters())


def test_the_estimate_ranks_the_strongest_heads_as_the_exact_effect_does() -> None:
    model = toy("llama")
    read = model.capture(PROMPTS, what="heads").mean(axis=0)
    prompts, answers = PROMPTS[1:], ANSWERS[1:]
    estimate = model.estimated_head_effects(prompts, read, answers).mean(axis=0).ravel()
    exact = model.head_effects(prompts, read.reshape(-1, model.head_dim), answers).indirect.mean(axis=0)
    strongest = np.argsort(-np.abs(exact))[:4]
    assert len(set(strongest) & set(np.argsort(-np.abs(estimate))[:6])) >= 3
