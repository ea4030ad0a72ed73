"""Tiny random models of a few families that read letters and words with a built-in model's tokenizer."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from taskscope import pico
from taskscope.models import selfcheck
from taskscope.models.blocks import locate
from taskscope.models.language_model import LanguageModel

N_BLOCKS = 3
CONFIGS: dict[str, dict[str, Any]] = {
    "llama": {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": N_BLOCKS,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 128,
    },
    "gpt2": {"n_embd": 32, "n_layer": N_BLOCKS, "n_head": 4, "n_positions": 128},
    "gemma2": {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": N_BLOCKS,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 12,
        "sliding_window": 64,
        "max_position_embeddings": 128,
        "final_logit_softcapping": 5.0,
    },
    "mamba": {"hidden_size": 32, "num_hidden_layers": N_BLOCKS, "state_size": 4},
}


@cache
def model(family: str) -> LanguageModel:
    """A random model whose predictions are far from uniform."""
    source = pico.folder("planted-vector")
    tokenizer = AutoTokenizer.from_pretrained(source)
    special = {"vocab_size": len(tokenizer), "bos_token_id": None, "eos_token_id": 0, "pad_token_id": 0}
    config = AutoConfig.for_model(family, **CONFIGS[family], **special)
    torch.manual_seed(0)
    hf = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in hf.parameters():
            parameter.add_(0.15 * torch.randn_like(parameter))
    hf.eval().requires_grad_(False)
    anatomy = locate(hf)
    route = selfcheck.at_load(hf, anatomy)
    return LanguageModel(hf, tokenizer, None, anatomy, f"tiny-{family}", family, route=route)


def plain_logp(language_model: LanguageModel, ids: list[int]) -> torch.Tensor:
    """log p of the next token after every token (token, vocabulary), by a plain forward pass."""
    with torch.no_grad():
        logits = language_model.hf(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
    return logits.float().log_softmax(-1)
