"""The tuned lens: nothing without steps, a planted distortion undone, weights left alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from toys import VOCABULARY, tokenizer, toy
from transformers import LlamaConfig, LlamaForCausalLM

from taskscope.models.blocks import locate
from taskscope.models.language_model import LanguageModel
from taskscope.models.tuned_lens import identity
from taskscope.studies.task_vectors.params import TaskVectorParams

N = 600


def spoken(width: int) -> np.ndarray:
    """Residuals (state, d_model) as after a last block, of sizes that differ by coordinate."""
    rng = np.random.default_rng(0)
    return (rng.standard_normal((N, width)) * np.linspace(0.5, 4, width) + 1).astype(np.float32)


def distorted(finals: np.ndarray) -> np.ndarray:
    """The same states turned in the residual's own basis, and moved: what an earlier block might write."""
    rng = np.random.default_rng(1)
    width = finals.shape[1]
    turn = np.linalg.qr(rng.standard_normal((width, width)))[0]
    return (finals @ turn.T + rng.standard_normal(width)).astype(np.float32)


def test_without_steps_states_stay_what_they_are_bit_for_bit() -> None:
    model = toy("llama", "branches")
    states = distorted(spoken(model.d_model))
    kept = model.tune_lens(states, spoken(model.d_model), 0, np.random.default_rng(0))
    np.testing.assert_array_equal(kept(states), states)
    np.testing.assert_array_equal(identity(states)(states[None]), states[None])
    np.testing.assert_array_equal(model.read_out(kept(states)), model.read_out(states))


def test_how_far_two_read_outs_are_apart_is_kullback_leibler() -> None:
    model = toy("gpt2", "branches")
    finals = spoken(model.d_model)[:40]
    states = distorted(finals)
    said, wanted = (log_softmax(model.read_out(x).astype(np.float64), axis=1) for x in (states, finals))
    expected = (np.exp(wanted) * (wanted - said)).sum(axis=1)
    np.testing.assert_allclose(model.divergences(states, finals), expected, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(model.divergences(finals, finals), 0, atol=1e-5)


@pytest.mark.parametrize("family", ["llama", "gpt2", "gptj"])
def test_a_planted_distortion_is_undone_on_states_that_were_held_out(family: str) -> None:
    model = toy(family, "branches")
    finals = 3 * spoken(model.d_model)
    states = distorted(finals)
    weights = {name: p.detach().clone() for name, p in model.hf.named_parameters()}
    made = model.tune_lens(states[:-200], finals[:-200], 400, np.random.default_rng(0))
    before, after = (model.divergences(x, finals[-200:]) for x in (states[-200:], made(states[-200:])))
    assert after.mean() < 0.25 * before.mean()
    hits = [
        (model.read_out(x).argmax(axis=1) == model.read_out(finals[-200:]).argmax(axis=1)).mean()
        for x in (states[-200:], made(states[-200:]))
    ]
    assert hits[1] > hits[0] + 0.3
    assert all(p.grad is None for p in model.hf.parameters())
    assert all(torch.equal(p, weights[name]) for name, p in model.hf.named_parameters())


def test_states_that_say_nothing_of_the_end_teach_nothing() -> None:
    """Unrelated states: what is learnt by heart does not hold on states that were held out."""
    model = toy("llama", "branches")
    finals = 3 * spoken(model.d_model)
    states = np.random.default_rng(5).standard_normal(finals.shape).astype(np.float32)
    made = model.tune_lens(states[:-200], finals[:-200], 200, np.random.default_rng(0))
    learnt, end = states[:-200], finals[:-200]
    known, by_heart = (model.divergences(some, end).mean() for some in (learnt, made(learnt)))
    assert by_heart < 0.7 * known
    constant = np.repeat(finals[:-200].mean(axis=0, keepdims=True), 200, axis=0)
    best_without_states = model.divergences(constant, finals[-200:]).mean()
    assert model.divergences(made(states[-200:]), finals[-200:]).mean() > 0.9 * best_without_states


def wide(width: int) -> LanguageModel:
    """A random model of one block whose head tells its states apart."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=width,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=4,
        num_key_value_heads=1,
        tie_word_embeddings=False,
    )
    hf = LlamaForCausalLM(config)
    torch.nn.init.normal_(hf.lm_head.weight, std=4 / width**0.5)
    return LanguageModel(hf, tokenizer(), None, locate(hf), "wide", "wide")


@pytest.mark.parametrize("width", [32, 1024])
def test_a_constant_shift_goes_away_in_the_default_steps_however_wide_the_model_is(width: int) -> None:
    model, rng = wide(width), np.random.default_rng(0)
    finals = rng.standard_normal((N, width)).astype(np.float32)
    states = finals + rng.standard_normal(width).astype(np.float32)
    steps = TaskVectorParams().lens_steps
    made = model.tune_lens(states[:-200], finals[:-200], steps, np.random.default_rng(0))
    before, after = (model.divergences(x, finals[-200:]).mean() for x in (states[-200:], made(states[-200:])))
    assert before > 1
    assert after < 0.4 * before


def test_the_map_depends_on_the_seed_alone() -> None:
    model = toy("llama", "branches")
    finals = spoken(model.d_model)
    states = distorted(finals)
    a, b, c = (model.tune_lens(states, finals, 5, np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(a.weight, b.weight)
    np.testing.assert_array_equal(a.bias, b.bias)
    assert not np.array_equal(a.weight, c.weight)
