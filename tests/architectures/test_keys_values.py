"""Keys and values read from the cache are those that the model's own projections make."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tiny
import torch
from families import BLOCKS, FAMILIES, WINDOW

from taskscope.errors import ModelError, TaskscopeError
from taskscope.models.blocks import locate
from taskscope.models.language_model import LanguageModel

PROMPTS = ("a text of nearly as many tokens as the tiny models take: 60.", "hot->cold\nup->down\nin->")
POSITIONS = ((0, 7, 40), (21, 3, 3))
families = {family.name: family for family in FAMILIES}


def model(name: str) -> LanguageModel:
    hf = tiny.network(families[name])
    return LanguageModel(hf, tiny.tokenizer(), None, locate(hf), f"tiny-{name}", name)


def projected(subject: LanguageModel, prompt: str, names: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Return what two linear maps of every block give, (token, block, width) each."""
    found: dict[str, list[torch.Tensor]] = {name: [] for name in names}
    hooks = []
    for block in subject.anatomy.blocks:
        for name in names:
            [module] = [m for path, m in block.named_modules() if path.endswith(name)]

            def keep(_m: Any, _a: Any, out: torch.Tensor, name: str = name) -> None:
                found[name].append(out[0])

            hooks.append(module.register_forward_hook(keep))
    with torch.no_grad():
        subject.hf(input_ids=torch.tensor([subject.encode(prompt)]), use_cache=False)
    for hook in hooks:
        hook.remove()
    keys, values = (torch.stack(found[name], dim=1).numpy() for name in names)
    return keys, values


@pytest.mark.parametrize(
    ("name", "projections", "kv_heads", "unrotated"),
    [("opt", ("k_proj", "v_proj"), 4, True), ("gpt_neo", ("k_proj", "v_proj"), 4, True),
     ("llama", ("k_proj", "v_proj"), 2, False), ("mistral", ("k_proj", "v_proj"), 2, False)],
)  # fmt: skip
def test_they_equal_what_the_projections_make(
    name: str, projections: tuple[str, str], kv_heads: int, unrotated: bool
) -> None:
    subject = model(name)
    assert max(map(max, POSITIONS)) > WINDOW
    with subject.guard():
        keys, values = subject.keys_values(PROMPTS, POSITIONS)
    assert keys.shape[:4] == values.shape[:4] == (2, 3, BLOCKS, kv_heads)
    assert keys.dtype == values.dtype == np.float32
    for p, (prompt, at) in enumerate(zip(PROMPTS, POSITIONS, strict=True)):
        own_keys, own_values = (x[list(at)] for x in projected(subject, prompt, projections))
        np.testing.assert_allclose(values[p].reshape(own_values.shape), own_values, atol=1e-5)
        if unrotated:
            np.testing.assert_allclose(keys[p].reshape(own_keys.shape), own_keys, atol=1e-5)
        else:  # rotation keeps the length of each head's key, and token 0 as it is
            heads = own_keys.reshape(keys[p].shape)
            np.testing.assert_allclose(
                np.linalg.norm(keys[p], axis=-1), np.linalg.norm(heads, axis=-1), atol=1e-5
            )
            assert np.abs(keys[p] - heads)[np.array(at) > 0].max() > 0.01
            np.testing.assert_allclose(keys[p][np.array(at) == 0], heads[np.array(at) == 0], atol=1e-5)


@pytest.mark.parametrize("name", ["gptj", "bloom", "gemma2", "deepseek_v3"])
def test_a_batch_equals_single_prompts(name: str) -> None:
    subject = model(name)
    both = subject.keys_values(PROMPTS, POSITIONS)
    for p in range(len(PROMPTS)):
        for found, single in zip(both, subject.keys_values([PROMPTS[p]], [POSITIONS[p]]), strict=True):
            np.testing.assert_allclose(found[p], single[0], atol=1e-5)


@pytest.mark.parametrize("name", ["mamba", "jamba", "rwkv"])
def test_a_model_with_recurrent_blocks_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="does not give its keys and values"):
        model(name).keys_values(PROMPTS, POSITIONS)


def test_positions_lie_inside_their_prompts() -> None:
    subject = model("llama")
    with pytest.raises(TaskscopeError, match="position 90 in prompt 1"):
        subject.keys_values(PROMPTS, ((0,), (90,)))
    with pytest.raises(TaskscopeError, match="as many positions"):
        subject.keys_values(PROMPTS, ((0,), (1, 2)))
