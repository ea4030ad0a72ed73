"""Making a tiny random model with a tokenizer, saved as anyone would save one."""

from __future__ import annotations

from pathlib import Path

import torch
from families import VOCABULARY, Family
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,.:\n->"
FIRST_LETTER = 6
"""Ids below are for special tokens, which the configs name but this tokenizer, on purpose, lacks."""


def build(family: Family, folder: Path) -> None:
    """Save a random model, and its tokenizer."""
    network(family).save_pretrained(folder)
    tokenizer().save_pretrained(folder)


def network(family: Family) -> PreTrainedModel:
    """Make a random model whose predictions are far from uniform."""
    config = AutoConfig.for_model(family.type, **family.config)
    torch.manual_seed(0)
    hf = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in hf.parameters():
            # Biases and the parameters of mixers start at zero or one, where much would go unseen.
            parameter.add_(0.15 * torch.randn_like(parameter))
    return hf.eval()


def tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer of single letters without BOS, EOS or padding token."""
    vocabulary = {f"<{i}>": i for i in range(FIRST_LETTER)}
    letters = [pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(x)[0][0] for x in LETTERS]
    vocabulary |= {letter: FIRST_LETTER + i for i, letter in enumerate(dict.fromkeys(letters))}
    assert len(vocabulary) <= VOCABULARY
    bare = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<0>"))
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=bare, unk_token="<0>")
