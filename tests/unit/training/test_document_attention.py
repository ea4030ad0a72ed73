"""Packed documents are read as if each stood alone."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM

from taskscope.training.document_attention import document_lengths, hidden_states

END = 0


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=11, hidden_size=12, intermediate_size=16, num_hidden_layers=3, num_attention_heads=2
    )
    return LlamaForCausalLM(config)


def test_a_stream_is_cut_before_ends_and_at_the_longest_length():
    tokens = torch.tensor([5, END, 3, 3, 3, END, 4, 4])
    assert document_lengths(tokens, END, 4) == [1, 3, 1, 3]
    assert document_lengths(tokens, END, 8) == [1, 4, 3]
    assert document_lengths(torch.tensor([END, 5, END, END]), END, 4) == [2, 1, 1]


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, 7), min_size=1, max_size=6), st.integers(0, 99))
def test_states_and_gradients_are_those_of_each_document_alone(model, lengths, seed):
    torch.manual_seed(seed)
    tokens = torch.randint(1, 11, (sum(lengths),))
    states = hidden_states(model, tokens, lengths)
    alone = torch.cat([model.model(part[None]).last_hidden_state[0] for part in tokens.split(lengths)])
    assert torch.allclose(states, alone, atol=1e-5)
    gradient, wanted = (
        torch.autograd.grad(s.square().sum(), model.model.embed_tokens.weight)[0] for s in (states, alone)
    )
    assert torch.allclose(gradient, wanted, atol=1e-4, rtol=1e-4)


def test_the_model_attends_as_usual_afterwards(model):
    tokens = torch.randint(1, 11, (1, 9))
    before = model.model(tokens).last_hidden_state
    hidden_states(model, tokens[0], [4, 5])
    assert torch.equal(model.model(tokens).last_hidden_state, before)
