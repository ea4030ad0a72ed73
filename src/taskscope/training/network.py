"""The networks of the built-in models: decoders of the Llama kind with weights drawn from a seed."""

from __future__ import annotations

import math

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from taskscope.training.shape import Shape
from taskscope.training.vocabulary import END_OF_TEXT


def build_network(shape: Shape, tokenizer: PreTrainedTokenizerFast, seed: int) -> LlamaForCausalLM:
    """Make a network of that shape with weights drawn from a seed."""
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.blocks,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=shape.context,
        initializer_range=0.5 / math.sqrt(shape.width),
        tie_word_embeddings=True,
        bos_token_id=tokenizer.get_vocab().get(str(tokenizer.bos_token)),
        eos_token_id=tokenizer.get_vocab()[END_OF_TEXT],
        pad_token_id=tokenizer.get_vocab()[END_OF_TEXT],
    )
    config.use_cache = False
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)


def shrink_writes(model: LlamaForCausalLM) -> None:
    """Divide what every block writes by sqrt(2 x blocks): the residual starts as large at any depth."""
    writes = ("self_attn.o_proj.weight", "mlp.down_proj.weight")
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(writes):
                weight.div_(math.sqrt(2 * len(model.model.layers)))
