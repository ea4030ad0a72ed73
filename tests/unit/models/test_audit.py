"""The audit sees what batching does to results, and nothing where it does nothing."""

from typing import Any

import numpy as np
import pytest
import torch
from toys import N_BLOCKS, toy

from taskscope.models.batching import Route
from taskscope.models.language_model import LanguageModel

PROMPTS = ["corn->", "apple->red\nlime->green\nplum->", "apple->red\nlime->green\ncorn->", "hot->"]
ANSWERS = {"gold": [["red"], ["purple"], ["yellow"], ["cold"]]}


def sweep(model: LanguageModel) -> Any:
    shape = (len(PROMPTS), N_BLOCKS, model.d_model)
    vectors = {"random": np.random.default_rng(0).normal(size=shape).astype(np.float32)}
    return model.sweep(PROMPTS, vectors, ANSWERS)


@pytest.mark.parametrize("route", ["branches", "rows"])
def test_a_model_that_does_not_depend_on_the_batch_passes(route: Route) -> None:
    model = toy("gpt2", route)
    with model.audited(np.random.default_rng(0), share=1.0) as audit:
        sweep(model)
        model.answer(PROMPTS, ANSWERS)
    assert audit.n >= len(PROMPTS) * (N_BLOCKS + 1)
    assert audit.flips == 0
    assert audit.largest < 1e-4
    assert audit.notes()["argmax_flips"] == 0


def test_a_share_is_made_again_and_the_results_stay_as_they_were() -> None:
    model = toy("gpt2")
    plain = sweep(model)
    with model.audited(np.random.default_rng(0), share=0.01) as audit:
        audited = sweep(model)
    assert audit.n == 1
    np.testing.assert_array_equal(plain.first_token, audited.first_token)
    assert model.executor.audit is None


def test_a_model_that_depends_on_the_batch_is_caught() -> None:
    model = toy("llama", fresh=True)

    def depend(_module: torch.nn.Module, _args: Any, output: Any) -> Any:
        hidden = output if isinstance(output, torch.Tensor) else output[0]
        hidden = hidden * (1 + 0.5 * (hidden.shape[0] > 1))
        return hidden if isinstance(output, torch.Tensor) else (hidden, *output[1:])

    model.anatomy.blocks[1].self_attn.o_proj.register_forward_hook(depend)
    with model.audited(np.random.default_rng(0), share=1.0) as audit:
        model.score([(prompt, "red") for prompt in PROMPTS])
        model.answer(PROMPTS, ANSWERS)
    assert audit.largest > 0.01
    assert audit.flips > 0
