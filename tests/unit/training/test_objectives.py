import numpy as np
import pytest
import torch
from transformers import LlamaForCausalLM

from taskscope.training import objectives, recipes
from taskscope.training.line_session import LineSession


@pytest.fixture(scope="module")
def session():
    session = LineSession(recipes.get("smoke"), "cpu")
    with torch.no_grad():
        for parameter in session.model.parameters():  # far from the nearly uniform start
            parameter.mul_(1.5)
    return session


@pytest.fixture
def batch(session):
    made = session.writer.batch(5, session.mix, np.random.default_rng(1))
    return {k: torch.from_numpy(getattr(made, k)) for k in made.__dataclass_fields__}


def by_hand(
    model: LlamaForCausalLM, tokens: torch.Tensor, edit=None
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Run the blocks one by one; `edit` is (block, position, vectors). Returns logits and all residuals."""
    body = model.model
    hidden = body.embed_tokens(tokens)
    places = torch.arange(tokens.shape[1])[None]
    turns = body.rotary_emb(hidden, places)
    mask = torch.full((tokens.shape[1],) * 2, torch.finfo(hidden.dtype).min).triu(1)[None, None]
    residuals = []
    for number, block in enumerate(body.layers):
        output = block(hidden, attention_mask=mask, position_embeddings=turns)
        hidden = output[0] if isinstance(output, tuple) else output
        if edit is not None and number == edit[0]:
            hidden = hidden.clone()
            for row, (at, vector) in enumerate(zip(edit[1], edit[2], strict=True)):
                hidden[row, at] = vector
        residuals.append(hidden)
    return model.lm_head(body.norm(hidden)), residuals


def mean_loss(logits, tokens, weight) -> float:
    total, n = 0.0, 0.0
    for row in range(len(tokens)):
        for at in range(1, tokens.shape[1]):
            counted = weight[row, at].item()
            if counted:
                total -= counted * logits[row, at - 1].log_softmax(-1)[tokens[row, at]].item()
                n += counted
    return total / n


def test_planted_loss_is_a_patched_forward(session, batch):
    block = 1
    _, residuals = by_hand(session.model, batch["tokens"])
    vectors = torch.stack(
        [(residuals[block][d, i] + residuals[block][d, j]) / 2 for d, i, j in batch["source"].tolist()]
    )
    with objectives.read(session.model.model.layers[block]) as seen:
        session.model(batch["tokens"])
    theta = objectives.theta(seen[0], batch["source"])
    torch.testing.assert_close(theta, vectors, rtol=1e-4, atol=1e-5)
    parts = (batch["query"], batch["query_weight"], batch["separator"])
    found = objectives.planted_loss(session.model, session.model.model.layers[block], theta, *parts)
    logits, _ = by_hand(session.model, batch["query"], (block, batch["separator"], vectors))
    assert found.item() == pytest.approx(mean_loss(logits, batch["query"], batch["query_weight"]), rel=1e-4)
    unpatched, _ = by_hand(session.model, batch["query"])
    assert abs(found.item() - mean_loss(unpatched, batch["query"], batch["query_weight"])) > 1e-3


def test_planted_loss_trains_the_place_theta_comes_from(session, batch):
    """The gradient reaches the demonstrations, through theta alone."""
    block = session.model.model.layers[1]
    with objectives.read(block) as seen:
        session.model(batch["tokens"])
    seen[0].retain_grad()
    theta = objectives.theta(seen[0], batch["source"])
    parts = (batch["query"], batch["query_weight"], batch["separator"])
    objectives.planted_loss(session.model, block, theta, *parts).backward()
    reached = {(d, at) for d, at in torch.nonzero(seen[0].grad.abs().sum(-1) > 0).tolist()}
    assert reached == {(d, at) for d, i, j in batch["source"].tolist() for at in (i, j)}
    session.model.zero_grad()


@pytest.mark.parametrize("other", [0.0, 0.25, 1.0])
def test_next_token_loss_weighs_what_is_no_answer(session, batch, other):
    weight = batch["weight"].masked_fill(batch["weight"] == 0, other)
    logits, _ = by_hand(session.model, batch["tokens"])
    found = objectives.next_token_loss(session.model, batch["tokens"], weight)
    assert found.item() == pytest.approx(mean_loss(logits, batch["tokens"], weight), rel=1e-4)


def test_replacing_a_residual_by_itself_changes_nothing(session, batch):
    block = session.model.model.layers[1]
    query, at = batch["query"], batch["separator"]
    with objectives.read(block) as seen:
        plain = session.model(query).logits
    with objectives.replaced(block, at, seen[0][torch.arange(len(query)), at]):
        same = session.model(query).logits
    torch.testing.assert_close(same, plain, rtol=0, atol=0)
    assert not block._forward_hooks


def test_blocked_loss_is_zero_without_an_edit_and_positive_with_one(session, batch):
    block = session.model.model.layers[1]
    query, at = batch["query"], batch["separator"]
    with objectives.read(block) as seen:
        session.model(query)
    own = seen[0][torch.arange(len(query)), at]
    parts = (query, batch["query_weight"], at)
    assert objectives.blocked_loss(session.model, block, own, *parts).item() == pytest.approx(0, abs=1e-6)
    assert objectives.blocked_loss(session.model, block, own.flip(0) * 3, *parts).item() > 1e-3
