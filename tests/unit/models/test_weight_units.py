"""Which weights belong to a head or to a neuron, whatever a family's layout."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from toys import N_BLOCKS, N_HEADS, toy

from taskscope.models.guard import bit_sum
from taskscope.models.language_model import LanguageModel
from taskscope.models.weight_places import places
from taskscope.models.weight_units import heads, neurons


def ones(model: LanguageModel) -> dict[str, torch.Tensor]:
    """A gradient whose squares count weights."""
    return {name: torch.ones_like(p) for name, p in model.hf.named_parameters()}


def only(model: LanguageModel, name: str, index: object) -> dict[str, torch.Tensor]:
    """A gradient that is 1 in one place alone."""
    found = {name: torch.zeros_like(p) for name, p in model.hf.named_parameters()}
    found[name][index] = 1.0
    return found


def find(model: LanguageModel) -> dict:
    before = {name: bit_sum(p) for name, p in model.hf.named_parameters()}
    found = heads(model.hf, model.anatomy, places(model.hf, model.anatomy))
    assert {name: bit_sum(p) for name, p in model.hf.named_parameters()} == before
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.hf.modules())
    return found


@pytest.mark.parametrize("family", ["llama", "qwen3", "gpt2", "gptj", "gpt_neo", "gpt_neox", "gemma2"])
def test_heads_share_all_weights_of_attention_alike(family: str) -> None:
    model = toy(family)
    found = find(model)
    assert set(found) == set(range(N_BLOCKS))
    where = places(model.hf, model.anatomy)
    for block, units in found.items():
        counted = units.squares(ones(model))
        whole = sum(
            p.numel()
            for name, p in model.hf.named_parameters()
            if where[name].block == block
            and where[name].module in ("query", "key", "value", "query, key, value", "attention output")
            and name not in (f"{part}.bias" for part in output_maps(model))
        )
        assert float(counted.sum()) == whole
        np.testing.assert_allclose(counted, whole / N_HEADS)


def output_maps(model: LanguageModel) -> list[str]:
    paths = {id(module): path for path, module in model.hf.named_modules()}
    return [paths[id(projection)] for projection in model.anatomy.projections]


@pytest.mark.parametrize(
    ("family", "name", "index", "owners"),
    [
        # Llama: head k owns rows 8 k to 8 k + 7 of the query; two heads share a key and a value.
        ("llama", "model.layers.1.self_attn.q_proj.weight", (17, 3), {2: 1.0}),
        ("llama", "model.layers.1.self_attn.k_proj.weight", (9, 3), {2: 0.5, 3: 0.5}),
        ("llama", "model.layers.1.self_attn.v_proj.weight", (0, 3), {0: 0.5, 1: 0.5}),
        ("llama", "model.layers.1.self_attn.o_proj.weight", (3, 17), {2: 1.0}),
        # GPT-2: input by output; queries of all heads, then keys, then values.
        ("gpt2", "transformer.h.2.attn.c_attn.weight", (3, 8), {1: 1.0}),
        ("gpt2", "transformer.h.2.attn.c_attn.weight", (3, 32 + 25), {3: 1.0}),
        ("gpt2", "transformer.h.2.attn.c_attn.bias", (64 + 1,), {0: 1.0}),
        ("gpt2", "transformer.h.2.attn.c_proj.weight", (17, 3), {2: 1.0}),
        # GPT-NeoX: query, key and value of a head stand together.
        ("gpt_neox", "gpt_neox.layers.0.attention.query_key_value.weight", (23, 3), {0: 1.0}),
        ("gpt_neox", "gpt_neox.layers.0.attention.query_key_value.weight", (24, 3), {1: 1.0}),
        ("gpt_neox", "gpt_neox.layers.0.attention.dense.weight", (3, 31), {3: 1.0}),
    ],
)
def test_a_weight_belongs_to_its_head(
    family: str, name: str, index: tuple[int, ...], owners: dict[int, float]
) -> None:
    model = toy(family)
    gradient = only(model, name, index)
    found = {block: units.squares(gradient) for block, units in find(model).items()}
    block = int(next(part for part in name.split(".") if part.isdigit()))
    wanted = torch.zeros(N_HEADS, dtype=torch.float64)
    for head, share in owners.items():
        wanted[head] = share
    for number, squares in found.items():
        np.testing.assert_allclose(squares, wanted if number == block else 0 * wanted)


@pytest.mark.parametrize(
    ("family", "width", "maps", "into", "out"),
    [
        ("llama", 48, 3, ("model.layers.1.mlp.up_proj.weight", (7, 2)), ("mlp.down_proj.weight", (2, 7))),
        ("gpt2", 128, 2, ("transformer.h.1.mlp.c_fc.weight", (2, 7)), ("mlp.c_proj.weight", (7, 2))),
        (
            "gpt_neox",
            48,
            2,
            ("gpt_neox.layers.1.mlp.dense_h_to_4h.weight", (7, 2)),
            ("4h_to_h.weight", (2, 7)),
        ),
    ],
)
def test_a_neuron_owns_what_leads_into_it_and_out_of_it(
    family: str, width: int, maps: int, into: tuple, out: tuple
) -> None:
    model = toy(family)
    found = neurons(model.hf, places(model.hf, model.anatomy))
    assert set(found) == set(range(N_BLOCKS)) and {units.n for units in found.values()} == {width}
    for name, index in (into, (next(n for n in found[1].axes if n.endswith(out[0])), out[1])):
        squares = found[1].squares(only(model, name, index))
        assert squares[7] == 1 and squares.sum() == 1
        assert found[0].squares(only(model, name, index)).sum() == 0
    counted = found[1].squares(ones(model))
    assert counted[0] >= maps * 32 and (counted == counted[0]).all()


def test_what_cannot_be_told_apart_is_left_out() -> None:
    model = toy("llama")
    where = places(model.hf, model.anatomy)
    odd = {
        name: place for name, place in where.items() if not (place.block == 2 and place.module == "MLP in")
    }
    assert set(neurons(model.hf, odd)) == {0, 1, 3}
    unread = {
        name: place
        for name, place in where.items()
        if not (place.block == 1 and place.module in ("query", "key", "value"))
    }
    assert set(heads(model.hf, model.anatomy, unread)) == {0, 2, 3}
