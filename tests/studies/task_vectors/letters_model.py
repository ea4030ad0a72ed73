"""A tiny random model that reads letters, for tests that need a model but not a good one."""

from __future__ import annotations

import string
from functools import cache

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from taskscope.models.blocks import locate
from taskscope.models.language_model import LanguageModel

N_BLOCKS = 5


@cache
def model(context: int = 256) -> LanguageModel:
    """A random decoder of 5 blocks; one token per character."""
    characters = string.ascii_letters + " ,->:\n"
    bare = Tokenizer(models.WordLevel({c: i for i, c in enumerate(["?", *characters])}, unk_token="?"))
    bare.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=64,
        hidden_size=24,
        intermediate_size=32,
        num_hidden_layers=N_BLOCKS,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=context,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=None,
    )
    hf = LlamaForCausalLM(config)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bare, unk_token="?")
    return LanguageModel(hf, tokenizer, None, locate(hf), "tiny", "tiny")
