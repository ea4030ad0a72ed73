"""Where parameters stand, whatever a family calls them."""

from __future__ import annotations

from collections import Counter

import pytest
from toys import toy

from taskscope.models.weight_places import EMBEDDING, FUSED, MODULES, NORM, OTHER, OUTSIDE, places


@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox"])
def test_every_parameter_stands_somewhere_and_once(family: str) -> None:
    model = toy(family)
    found = places(model.hf, model.anatomy)
    assert set(found) == {name for name, _ in model.hf.named_parameters()}
    blocks = Counter(place.block for place in found.values())
    assert set(blocks) == {OUTSIDE, *range(model.n_blocks)}
    assert len({blocks[b] for b in range(model.n_blocks)}) == 1, "blocks are built alike"
    assert {place.module for place in found.values()} <= set(MODULES) - {OTHER}
    for b in range(model.n_blocks):
        here = {place.module for place in found.values() if place.block == b}
        reads = {FUSED} if family in ("gpt2", "gpt_neox") else {"query", "key", "value"}
        assert here == {*reads, "attention output", "MLP in", "MLP out", NORM}
    assert {place.module for place in found.values() if place.block == OUTSIDE} == {EMBEDDING, NORM}


def test_names_say_what_they_say() -> None:
    model = toy("gpt2")
    found = places(model.hf, model.anatomy)
    told = {name: (place.block, place.module) for name, place in found.items()}
    assert told["transformer.wte.weight"] == (OUTSIDE, EMBEDDING)
    assert told["transformer.wpe.weight"] == (OUTSIDE, EMBEDDING)
    assert told["transformer.ln_f.bias"] == (OUTSIDE, NORM)
    assert told["transformer.h.1.attn.c_proj.weight"] == (1, "attention output")
    assert told["transformer.h.1.mlp.c_fc.weight"] == (1, "MLP in")
    assert told["transformer.h.1.mlp.c_proj.bias"] == (1, "MLP out")
