"""Sliding windows: one mask serves all blocks of a packed row, so longer prompts must not be packed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import naive
import numpy as np
import pytest
import tiny
import torch
from families import BLOCKS, FAMILIES, Family

from taskscope.models.language_model import LanguageModel
from taskscope.models.limits import UNBOUNDED, WINDOW_NAMES
from taskscope.models.loading import load

SHARE = 1e-5
"""Largest difference allowed, as a share of the largest logit."""
TEXT = "a text of nearly as many tokens as the tiny models take: 60."
WINDOWED = {
    "cohere2", "gemma2", "gemma3_text", "olmo3", "vaultgemma", "exaone4", "mistral", "ministral", "gpt_neo",
    "modernbert-decoder", "gpt_oss", "llama4_text",
}  # fmt: skip
MIXED = {"gemma2", "gemma3_text", "cohere2", "gpt_oss", "olmo3", "exaone4", "vaultgemma"}
"""Those with a window in some blocks and none in others.

So has modernbert-decoder, but the 4.x line reads it back with the window it has by default.
"""
families = {family.name: family for family in FAMILIES}
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.*deprecated:DeprecationWarning")


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[Family], LanguageModel]:
    def make(family: Family) -> LanguageModel:
        tiny.build(family, tmp_path / family.name)
        return load(str(tmp_path / family.name))

    return make


def furthest(model: LanguageModel, prompt: str) -> tuple[float, bool]:
    """Return how far a sweep is from plain passes (share of the largest logit), and whether it was packed."""
    ids, targets = model.encode(prompt), "abcxyz"
    vectors = np.random.default_rng(1).normal(size=(1, BLOCKS, model.d_model)).astype(np.float32)
    masks: list[Any] = []

    def record(_module: Any, _args: Any, kwargs: dict[str, Any]) -> None:
        masks.append(kwargs["attention_mask"])

    handle = model.hf.register_forward_pre_hook(record, with_kwargs=True)
    found = model.sweep([prompt], {"one": vectors}, {letter: [[letter]] for letter in targets})
    handle.remove()
    worst = 0.0
    for b, block in enumerate(model.anatomy.blocks):
        logits = naive.logits(model.hf, ids, block, torch.from_numpy(vectors[0, b]))[-1]
        expected = logits.log_softmax(-1)[[model.encode(letter)[0] for letter in targets]]
        gap = np.abs([found.logprob[t][0, 0, b] for t in targets] - expected.numpy()).max()
        worst = max(worst, float(gap / logits.abs().max()))
    return worst, any(mask.ndim == 4 for mask in masks)


@pytest.mark.parametrize("name", sorted(WINDOWED))
def test_sweeps_are_right_on_both_sides_of_the_window(
    name: str, loaded: Callable[[Family], LanguageModel]
) -> None:
    model = loaded(families[name])
    assert model.route == "branches"
    window = model.executor.limits.row
    packed = {}
    for length in sorted({min(n, len(TEXT)) for n in (4, window // 2, window, window + 1, len(TEXT))}):
        gap, packed[length] = furthest(model, TEXT[:length])
        assert gap <= SHARE, length
    assert packed[4]
    assert not any(packed[length] for length in packed if length > window)


@pytest.mark.parametrize("name", sorted(MIXED))
def test_packing_beyond_the_window_would_be_wrong(
    name: str, loaded: Callable[[Family], LanguageModel]
) -> None:
    model = loaded(families[name])
    assert set(model.hf.config.layer_types) == {"full_attention", "sliding_attention"}
    model.executor.limits = replace(model.executor.limits, row=UNBOUNDED)
    gap, packed = furthest(model, TEXT)
    assert packed
    assert gap > 10 * SHARE


def test_every_family_with_a_window_is_among_those_tested() -> None:
    named = {f.name for f in FAMILIES if f.route == "branches" and set(WINDOW_NAMES) & set(f.config)}
    assert named == WINDOWED
