"""Scores and answers of the unmodified model equal the plain computation, prompt by prompt."""

import numpy as np
import pytest
import torch
from oracles import assert_close, plain_logits
from toys import FAMILIES, VOCABULARY, toy

from taskscope.models import scoring
from taskscope.models.batching import Limits, Route
from taskscope.models.language_model import LanguageModel

DEMONSTRATIONS = "apple->red\nlime->green\n"
REQUESTS = [
    (f"{DEMONSTRATIONS}corn->", "yellow"),
    (f"{DEMONSTRATIONS}corn->", "the colour of the sun"),
    ("hot->", "cold"),
    (f"{DEMONSTRATIONS}plum->", "purple\nsnow->white"),
    ("the small cat", " sat on the mat"),
    ("", "Paris is the capital"),
    ("hot->", "cold"),
]


def plain_score(model: LanguageModel, prompt: str, continuation: str) -> float:
    return forced_score(model, *model.encode_pair(prompt, continuation))


def forced_score(model: LanguageModel, first: list[int], rest: list[int]) -> float:
    logprob = plain_logits(model.hf, first + rest).log_softmax(-1)
    steps = range(len(first) - 1, len(first) + len(rest) - 1)
    return sum(float(logprob[step, token]) for step, token in zip(steps, rest, strict=True))


@pytest.mark.parametrize("route", ["branches", "rows"])
@pytest.mark.parametrize("family", FAMILIES)
def test_scores_equal_one_plain_pass_per_request(family: str, route: Route) -> None:
    model = toy(family, route)
    found = model.score(REQUESTS)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [plain_score(model, *request) for request in REQUESTS], rtol=1e-5)


def test_right_padding_does_not_change_a_score() -> None:
    model = toy("gpt2", "rows")
    together = model.score(REQUESTS)
    alone = np.array([model.score([request])[0] for request in REQUESTS])
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_small_batches_give_the_same_scores() -> None:
    model, small = toy("llama"), toy("llama")
    small.executor.limits = Limits(tokens=16, places=4, row=16)
    np.testing.assert_allclose(small.score(REQUESTS), model.score(REQUESTS), rtol=1e-5)


def test_the_class_keeps_its_own_scaling_of_logits() -> None:
    """Softcap and scale are applied after the head; without them these families would score otherwise."""
    for family, change in [
        ("gemma2", {"final_logit_softcapping": None}),
        ("cohere", {"logit_scale": 1.0}),
        ("granite", {"logits_scaling": 1.0}),
    ]:
        scaled, plain = toy(family).score(REQUESTS), toy(family, **change).score(REQUESTS)
        assert np.abs(scaled - plain).min() > 0.01, family


def test_a_class_that_does_not_call_its_head_is_read_from_all_its_logits() -> None:
    model = toy("llama", fresh=True)
    wanted = model.score(REQUESTS)
    forward = model.hf.lm_head.forward
    model.hf.lm_head = torch.nn.Identity()
    plain = model.hf.forward

    def headless(*args: object, **kwargs: object) -> object:
        output = plain(*args, **kwargs)
        output.logits = forward(output.logits)
        return output

    model.hf.forward = headless
    np.testing.assert_allclose(model.score(REQUESTS), wanted, rtol=1e-6)


@pytest.mark.parametrize("route", ["branches", "rows"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox"])
def test_answers_equal_greedy_decoding(family: str, route: Route, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are given as tokens, since a random model says nothing that could be written as text."""
    model = toy(family, route)
    prompts = [prompt for prompt, _ in REQUESTS[:5]]
    said = [decoded(model, prompt, n=3) for prompt in prompts]
    almost = [(*tokens[:2], tokens[2] ^ 1) for tokens in said]
    monkeypatch.setattr(model.encoder, "answers", lambda _, tokens: tokens)
    found = model.answer(
        prompts,
        {
            "gold": [[almost[0]], [almost[1], said[1]], [said[2][:1]], [], [(said[4][0] ^ 1, 5), said[4]]],
            "leak": [[] for _ in prompts],
        },
    )
    assert found.first_token.tolist() == [tokens[0] for tokens in said]
    assert found.correct["gold"].tolist() == [False, True, True, False, True]
    assert not found.correct["leak"].any()
    assert np.isnan(found.logprob["leak"]).all()
    assert np.isnan(found.logprob["gold"][3])
    for p, first in [(0, almost[0]), (1, almost[1]), (2, said[2][:1]), (4, (said[4][0] ^ 1, 5))]:
        wanted = forced_score(model, model.encode(prompts[p]), list(first))
        assert found.logprob["gold"][p] == pytest.approx(wanted, rel=1e-5)


def decoded(model: LanguageModel, prompt: str, n: int) -> tuple[int, ...]:
    """The n tokens of the model's greedy output."""
    said: list[int] = []
    for _ in range(n):
        said.append(int(plain_logits(model.hf, model.encode(prompt) + said)[-1].argmax()))
    return tuple(said)


def test_answers_and_scores_agree() -> None:
    model = toy("llama")
    answered = model.answer([p for p, _ in REQUESTS], {"gold": [[a, "red"] for _, a in REQUESTS]})
    np.testing.assert_allclose(answered.logprob["gold"], model.score(REQUESTS), rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_reduction_in_chunks_equals_log_softmax(dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "CHUNK", 3 * VOCABULARY)
    logits = (10 * torch.randn(11, VOCABULARY, generator=torch.Generator().manual_seed(0))).to(dtype)
    targets = torch.arange(22).reshape(11, 2)
    top, logprob = scoring.reduce_logits(logits, targets)
    wanted = logits.float().log_softmax(-1)
    assert torch.equal(top, wanted.argmax(-1))
    assert logprob.dtype == torch.float32
    assert_close(logprob, wanted.gather(1, targets), logits.float())


def test_nothing_asked_is_nothing_answered() -> None:
    model = toy("llama")
    assert model.score([]).shape == (0,)
    assert model.answer([], {"gold": []}).correct["gold"].shape == (0,)
    assert model.capture([]).shape == (0, model.n_blocks, model.d_model)
    assert model.capture([], blocks=[1], what="heads").shape == (0, 1, model.n_heads, model.head_dim)
    empty = np.zeros((0, model.n_blocks, model.d_model))
    assert model.sweep([], {"one": empty}, {"gold": []}).first_token.shape == (1, 0, model.n_blocks)
