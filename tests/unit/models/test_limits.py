"""How large batches are cut: what calling a block costs, in tokens, by width and device."""

from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from taskscope.models.limits import Limits, limits_of


def limits(width: int, device: str) -> Limits:
    """Of a model of two blocks and a vocabulary that costs three more tokens at width 64."""
    config = LlamaConfig(
        vocab_size=384,
        hidden_size=width,
        intermediate_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
    )
    with torch.device("meta"):
        return limits_of(LlamaForCausalLM(config), torch.device(device))


@pytest.mark.parametrize(
    ("width", "device", "start"), [(64, "cpu", 128 + 3), (512, "cpu", 16), (64, "cuda", 4 * 1024**2 + 3)]
)
def test_a_pass_costs_as_much_as_some_tokens_fewer_in_wide_models(
    width: int, device: str, start: int
) -> None:
    assert limits(width, device).start == start
