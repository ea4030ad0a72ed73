"""A model whose task is written by one head: nothing else in its block writes, now and through training."""

from typing import Any

import pytest
import torch

from taskscope import pico
from taskscope.errors import ModelError
from taskscope.training import network, objectives, recipes
from taskscope.training.line_session import LineSession

RECIPE = recipes.get("planted-head")


@pytest.fixture(scope="module")
def session() -> LineSession:
    assert isinstance(RECIPE, recipes.Recipe)
    return LineSession(RECIPE.model_copy(update={"documents": 2, "length": 32}), "cpu")


def silenced(model: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """What must be zero in the planted block, and the columns of the head that writes."""
    layer = model.model.layers[RECIPE.planted_block]
    output = layer.self_attn.o_proj.weight
    size = output.shape[1] // model.config.num_attention_heads
    own = torch.zeros(output.shape[1], dtype=torch.bool)
    own[RECIPE.planted_head * size : (RECIPE.planted_head + 1) * size] = True
    return torch.cat([output[:, ~own].flatten(), layer.mlp.down_proj.weight.flatten()]), output[:, own]


def test_training_keeps_the_others_silent(session: LineSession) -> None:
    before = silenced(session.model)[1].detach().clone()
    for step in range(2):
        session.step(step)
    quiet, head = silenced(session.model)
    assert quiet.abs().max() == 0
    assert not torch.equal(head, before)


def test_in_the_shipped_weights_one_head_alone_writes_in_the_planted_block() -> None:
    folder = pico.folder("planted-head")
    assert folder is not None
    model = network.LlamaForCausalLM.from_pretrained(folder)
    quiet, head = silenced(model)
    assert quiet.abs().max() == 0
    assert head.abs().min(dim=0).values.max() > 0


def test_adding_is_replacing_by_the_sum(session: LineSession) -> None:
    torch.manual_seed(0)
    block, model = session.model.model.layers[1], session.model
    query, at = torch.randint(0, 200, (3, 7)), torch.tensor([2, 4, 6])
    vectors = torch.randn(3, session.recipe.shape.width)
    with torch.no_grad():
        with objectives.read(block) as seen:
            plain = model(query).logits
        own = seen[0][torch.arange(3), at]
        with objectives.replaced(block, at, vectors, "add"):
            added = model(query).logits
        with objectives.replaced(block, at, own + vectors):
            replaced = model(query).logits
    torch.testing.assert_close(added, replaced)
    assert not torch.allclose(added, plain)


def test_a_start_that_does_not_exist_is_named(session: LineSession) -> None:
    with pytest.raises(ModelError, match="no built-in model is called 'planted-vectr'"):
        network.start_from(session.model, "planted-vectr")
