"""Writing on with kept keys and values says what a plain loop and transformers themselves say."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import GenerationConfig

from taskscope.errors import ModelError, TaskError
from taskscope.models import generating
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load

LIMIT = 12


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load("pico-xs")


@pytest.fixture(scope="module")
def prompts(model: LanguageModel) -> list[tuple[int, ...]]:
    texts = [
        "The dog",
        "One day a girl",
        "apple -> red\nlime -> green\ncorn ->",
        "A cat sat on the",
        "Too many",
    ]
    return [tuple(model.encode(text)) for text in texts]


def plain(model: LanguageModel, prompt: tuple[int, ...], limit: int) -> tuple[int, ...]:
    """The likeliest token after the whole text so far, without any cache."""
    ids = list(prompt)
    for _ in range(limit):
        with torch.no_grad():
            token = int(model.hf(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].argmax())
        if token == model.tokenizer.eos_token_id:
            break
        ids.append(token)
    return tuple(ids[len(prompt) :])


def test_it_equals_a_plain_loop(model: LanguageModel, prompts: list[tuple[int, ...]]) -> None:
    assert len({len(prompt) for prompt in prompts}) > 1
    assert model.write(prompts, LIMIT) == [plain(model, prompt, LIMIT) for prompt in prompts]


def test_it_equals_what_transformers_write(model: LanguageModel, prompts: list[tuple[int, ...]]) -> None:
    end = model.tokenizer.eos_token_id
    config = GenerationConfig(max_new_tokens=LIMIT, do_sample=False, eos_token_id=end, pad_token_id=0)
    for prompt, written in zip(prompts, model.write(prompts, LIMIT), strict=True):
        ids = torch.tensor([prompt])
        whole = model.hf.generate(ids, attention_mask=torch.ones_like(ids), generation_config=config)
        own = whole[0, len(prompt) :].tolist()
        assert list(written) == (own[: own.index(end)] if end in own else own)


def test_batches_of_any_size_write_the_same(model: LanguageModel, prompts: list[tuple[int, ...]]) -> None:
    twice = [*prompts, *prompts[::-1]]
    ends, context = frozenset([model.tokenizer.eos_token_id]), model.context
    one = generating.write(model.hf, twice, LIMIT, ends, context, budget=1)
    assert generating.write(model.hf, twice, LIMIT, ends, context, budget=10**6) == one


def test_a_text_ends_where_an_ending_token_is_written(model: LanguageModel) -> None:
    prompt = tuple(model.encode("The dog"))
    whole = plain(model, prompt, LIMIT)
    ends = frozenset([whole[4]])
    found = generating.write(model.hf, [prompt], LIMIT, ends, model.context, 4096)
    assert found == [whole[: whole.index(whole[4])]]


class Stateful:
    """A model that keeps no keys and values in its output: the next token is the sum of all so far."""

    device = torch.device("cpu")

    def __init__(self, most: int = 10**9) -> None:
        self.most, self.seen = most, []

    def forward(self, input_ids: torch.Tensor, use_cache: bool) -> object:
        """Say the sum modulo eleven; memory runs out beyond so many rows."""
        if len(input_ids) > self.most:
            raise MemoryError
        self.seen.append(tuple(input_ids.shape))
        logits = torch.nn.functional.one_hot(input_ids.sum(1) % 11, 11).float()[:, None]
        return type("Output", (), {"logits": logits})()

    __call__ = forward


def test_a_family_without_keys_and_values_is_read_from_the_start() -> None:
    found = generating.write(Stateful(), [(1, 2), (3, 4)], 3, frozenset(), 100, 100)
    assert found == [(3, 6, 1), (7, 3, 6)]


def test_memory_that_runs_out_halves_a_batch() -> None:
    prompts = [(n, n) for n in range(5)]
    whole = generating.write(Stateful(), prompts, 3, frozenset(), 100, 1000)
    assert generating.write(Stateful(most=2), prompts, 3, frozenset(), 100, 1000) == whole
    with pytest.raises(ModelError, match="out of memory"):
        generating.write(Stateful(most=0), prompts, 3, frozenset(), 100, 1000)


def test_a_prompt_without_room_is_refused(model: LanguageModel) -> None:
    prompt = tuple(np.full(model.context - LIMIT + 1, 5).tolist())
    with pytest.raises(TaskError, match=f"a prompt of {len(prompt)} tokens to write {LIMIT} behind"):
        model.write([prompt], LIMIT)


class Fixed:
    """A model whose next token has the same chances after any text; no cache, a vocabulary of four."""

    device = torch.device("cpu")
    logits = torch.tensor([0.0, 1.0, -torch.inf, 2.0])

    def forward(self, input_ids: torch.Tensor, use_cache: bool) -> None: ...

    def __call__(self, input_ids: torch.Tensor, use_cache: bool, **_: object) -> SimpleNamespace:
        return SimpleNamespace(logits=self.logits.expand(*input_ids.shape, 4))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tokens_are_drawn_as_often_as_their_chances_at_the_temperature(temperature: float) -> None:
    n = 2000
    uniforms = np.stack([np.arange(n) / n, (np.arange(n)[::-1] + 0.5) / n], axis=1)
    draws = generating.Draws(temperature, uniforms)
    found = np.array(generating.write(Fixed(), [(1,)] * n, 2, frozenset(), 10, 10**6, draws))
    for token in found.T:
        shares = np.bincount(token, minlength=4) / n
        np.testing.assert_allclose(shares, (Fixed.logits / temperature).softmax(-1).numpy(), atol=1.01 / n)
    assert (found[:, 0] <= np.roll(found[:, 0], -1))[:-1].all()  # numbers lie in the order of the vocabulary


def test_what_is_drawn_depends_on_no_batch(model: LanguageModel, prompts: list[tuple[int, ...]]) -> None:
    twice = [*prompts, *prompts[::-1]]
    draws = generating.Draws(1.0, np.random.default_rng(0).random((len(twice), LIMIT)))
    ends, context = frozenset([model.tokenizer.eos_token_id]), model.context
    one = generating.write(model.hf, twice, LIMIT, ends, context, 1, draws)
    assert generating.write(model.hf, twice, LIMIT, ends, context, 10**6, draws) == one
    assert model.write(twice, LIMIT, draws) == one
    assert model.write(twice[3:], LIMIT, draws.of(slice(3, None))) == one[3:]
    assert one != model.write(twice, LIMIT)


def test_halves_of_a_batch_draw_the_same() -> None:
    prompts = [(1, n) for n in range(5)]
    draws = generating.Draws(1.0, np.random.default_rng(0).random((5, 3)))
    whole = generating.write(Stateful(), prompts, 3, frozenset(), 100, 1000, draws)
    assert generating.write(Stateful(most=2), prompts, 3, frozenset(), 100, 1000, draws) == whole


def test_a_low_temperature_is_greedy(model: LanguageModel, prompts: list[tuple[int, ...]]) -> None:
    draws = generating.Draws(1e-4, np.random.default_rng(0).random((len(prompts), LIMIT)))
    assert model.write(prompts, LIMIT, draws) == model.write(prompts, LIMIT)
