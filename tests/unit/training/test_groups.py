"""The planted groups share weights inside a group and none between, and words the other way round."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from taskscope import pico
from taskscope.models import gradients
from taskscope.models.loading import load
from taskscope.tasks import pair_planted, pair_registry
from taskscope.training import card
from taskscope.training.groups import network

NAMES = ("planted-groups", "null-groups")
CONTEXT_WORDS = {"the", "is", ".", *map(str.lower, pair_planted.OPENINGS)}


def folder(name: str) -> Path:
    found = pico.folder(name)
    assert found is not None
    return found


def words(name: str) -> set[str]:
    pairs = pair_planted.build(name).pairs
    return {
        word for p in pairs for text in (p.good, p.bad) for word in text.lower().rstrip(".").split()
    } - CONTEXT_WORDS


def test_tasks_of_one_group_share_no_word_that_matters_and_partners_share_two() -> None:
    for first, second in combinations(pair_planted.NAMES, 2):
        shared = words(first) & words(second)
        if pair_planted.contrast_of(first) == pair_planted.contrast_of(second):
            assert shared == set(pair_planted.contrast_of(first))
            assert pair_planted.group_of(first) != pair_planted.group_of(second)
        else:
            assert not shared


def test_pairs_are_found_by_name_and_the_right_word_follows_the_noun() -> None:
    assert [p.name for p in pair_registry.get(pair_planted.ALL)] == list(pair_planted.NAMES)
    [task] = pair_registry.get("south-wet")
    assert pair_registry.resolve(pair_registry.ref(task)) == task
    kinds = dict(pair_planted.nouns_of("south-wet"))
    assert sorted(kinds.values()) == [-1] * pair_planted.N_MINUS + [1] * pair_planted.N_PLUS
    assert len({(p.good, p.bad) for p in task.pairs}) == len(pair_planted.OPENINGS) * len(kinds)
    for pair in task.pairs:
        _, _, noun, _, word = pair.good.rstrip(".").split()
        assert word == ("wet" if kinds[noun] > 0 else "dry")
        assert pair.bad == pair.good.replace(f" {word}.", " dry." if word == "wet" else " wet.")


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_the_circuits_worked_out_by_hand(name: str) -> None:
    """A fifth of the noun's numbers, through the head, read by the two words with opposite signs."""
    null, model = name == "null-groups", load(name)
    weights = {key: value.double().numpy() for key, value in model.hf.state_dict().items()}
    task = "north-dark"
    at = np.array(network.circuit(task, null=null))
    pairs = pair_planted.build(task).pairs[:12]
    kinds = dict(pair_planted.nouns_of(task))
    group = pair_planted.group_of(task)
    held = network.COPIES * network.WIDTH
    out = weights["transformer.h.0.attn.c_proj.weight"].reshape(network.HEADS, network.HEAD_DIM, -1)[group]
    start = 2 + 2 * network.WIDTH + group * network.WIDTH
    mixing = out[:held, start : start + network.WIDTH]
    wanted = []
    for pair in pairs:
        noun = pair.good.split()[2]
        [token] = network._ids(model.tokenizer, (noun,))
        numbers = np.zeros(network.WIDTH)
        numbers[at % network.WIDTH] = weights["transformer.wte.weight"][token][2 + at]
        decision = np.tile(network.TAKEN * numbers / 5, network.COPIES) @ mixing
        wanted.append(kinds[noun] * 2 * network.TOLD * decision[at % network.WIDTH].sum())
    scores = model.score_contrasts(model.contrasts([(p.good, p.bad) for p in pairs]))
    np.testing.assert_allclose(scores[:, 0] - scores[:, 1], wanted, atol=0.02)


def test_a_groups_circuit_is_untouched_by_the_other_groups_gradients() -> None:
    model = load("planted-groups")
    pairs = [(p.good, p.bad) for p in pair_planted.build("south-hot").pairs]
    gradient, _ = gradients.margin(model.executor, model.contrasts(pairs))
    taken = gradient["transformer.h.0.attn.c_attn.weight"].view(-1, 3, network.HEADS, network.HEAD_DIM)
    rows = torch.arange(2, 2 + network.WIDTH)
    other, own = (
        taken[rows + group * network.WIDTH][:, 2, group, : network.COPIES * network.WIDTH].abs()
        for group in (0, 1)
    )
    assert other.max() < 1e-4 < 0.1 < own.max(), "but for rounding"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shipped_is_what_is_written_here(name: str) -> None:
    built = network.build(network.tokenizer(), null=name == "null-groups").state_dict()
    stored = load_file(folder(name) / "model.safetensors")
    assert built.keys() == stored.keys()
    assert all(torch.equal(built[key].bfloat16(), stored[key]) for key in built)
    written = json.loads((folder(name) / card.CARD).read_text())
    assert card.is_current(folder(name))
    assert card.render(written) == (folder(name) / "README.md").read_text()
    assert sum(path.stat().st_size for path in folder(name).iterdir()) < 2e5
    inside, outside = written["likeness"]["same group"], written["likeness"]["neither"]
    assert (inside[0] > outside[1] + 0.3) == (name == "planted-groups")
