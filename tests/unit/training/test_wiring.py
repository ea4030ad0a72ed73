"""Where the heads of the planted learner start looking, and what they carry."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from taskscope.training import recipes
from taskscope.training.documents import planted_words
from taskscope.training.documents.fresh_tasks import FreshTasks
from taskscope.training.documents.lessons import Phase, lay_out
from taskscope.training.documents.planted_words import WordIds
from taskscope.training.text_recipes import TextRecipe
from taskscope.training.text_session import TextSession
from taskscope.training.wiring import Places

IDS = WordIds(planted_words.tokenizer())


@pytest.fixture(scope="module")
def started() -> TextSession:
    """The learner before its first step."""
    recipe = recipes.get("learner")
    assert isinstance(recipe, TextRecipe)
    return TextSession(recipe, "cpu")


@pytest.fixture(scope="module")
def read(started: TextSession) -> tuple[list[int], list[torch.Tensor]]:
    """One sequence, and by block where its heads look, (head, row, column)."""
    sequence = FreshTasks(IDS)(Phase(demonstrations=12), np.random.default_rng(0))
    tokens = lay_out([sequence], IDS.end).tokens
    started.model.set_attn_implementation("eager")
    with torch.inference_mode():
        out: Any = started.model.model(torch.from_numpy(np.ascontiguousarray(tokens)), output_attentions=True)
    started.model.set_attn_implementation("sdpa")
    return tokens[0].tolist(), [each[0] for each in out.attentions]


def test_a_text_field_sees_the_label_before_it_and_the_text_before_that(read) -> None:
    row, found = read
    fields = [i for i, token in enumerate(row) if token in IDS.text_fields]
    for before, field in pairwise(fields):
        assert found[0][0, field, field - 1] > 0.8
        assert found[0][1, field, before + 1 : field - 2].sum() > 0.9


def test_a_word_sees_the_fields_behind_texts_that_held_it(read) -> None:
    row, found = read
    fields = [i for i, token in enumerate(row) if token in IDS.text_fields]
    held = {behind: set(row[first + 1 : behind - 2]) for first, behind in pairwise(fields)}
    looked = [
        float(found[1][0, place, where].sum())
        for place in range(fields[-1] + 1, len(row) - 2)
        if (where := [field for field in fields[1:] if row[place] in held[field]])
    ]
    assert len(looked) > 3
    assert np.mean(looked) > 0.7


def test_a_label_field_sees_the_words_of_its_own_text(read) -> None:
    row, found = read
    starts = [i for i, token in enumerate(row) if token in IDS.text_fields]
    ends = [i for i, token in enumerate(row) if token in IDS.label_fields]
    for start, end in zip(starts, ends, strict=True):
        assert found[2][0, end, start + 1 : end].sum() > 0.9


def test_everything_else_in_a_wired_block_starts_silent(started: TextSession) -> None:
    assert started.recipe.start is not None
    wired = {(one.block, one.head) for one in started.recipe.start.wires}
    size = started.recipe.shape.width // 2
    layers: Any = started.model.model.layers
    for block, layer in enumerate(layers):
        assert not layer.mlp.down_proj.weight.any()
        for head in (0, 1):
            writes = layer.self_attn.o_proj.weight[:, head * size : (head + 1) * size]
            assert bool(writes.any()) == ((block, head) in wired)


def test_words_and_notes_share_no_direction() -> None:
    places = Places(32, 0)
    every = torch.cat([*places.half.values(), torch.stack(list(places.mark.values()))])
    assert torch.allclose(every @ every.T, torch.eye(len(every)), atol=1e-5)


@pytest.fixture(scope="module")
def composing() -> TextSession:
    """The composer before its first step."""
    recipe = recipes.get("composer")
    assert isinstance(recipe, TextRecipe)
    return TextSession(recipe, "cpu")


def test_what_is_read_is_right_where_the_half_for_words_is_the_label(composing: TextSession) -> None:
    original = torch.from_numpy(IDS.of(["negative", "sport"]))[None]
    right = composing.model.model.embed_tokens.weight.detach()[original]
    assert composing._read(right, original).item() < 0.01
    assert composing._read(right.flip(1), original).item() > 2


def test_every_weight_has_one_optimiser_and_wired_blocks_have_not_muon(composing: TextSession) -> None:
    muon, gentle, outer = (
        {id(p) for group in optimiser.param_groups for p in group["params"]}
        for optimiser in composing.optimisers
    )
    assert len(muon) + len(gentle) + len(outer) == len(list(composing.model.parameters()))
    assert muon | gentle | outer == {id(p) for p in composing.model.parameters()}
    layers: Any = composing.model.model.layers
    of = [{id(p) for p in layer.parameters() if p.ndim == 2} for layer in layers]
    assert muon == of[0] | of[1]
    assert gentle == of[2] | of[3] | {id(composing.model.model.embed_tokens.weight)}
