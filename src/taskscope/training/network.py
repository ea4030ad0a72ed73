"""The networks of the built-in models: decoders of the Llama kind with weights drawn from a seed."""

from __future__ import annotations

import math
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from taskscope import pico
from taskscope.errors import ModelError
from taskscope.training.shape import Shape
from taskscope.training.vocabulary import END_OF_TEXT

ROPE_THETA = 10_000.0
"""What a decoder of the Llama kind has unless its config says otherwise."""


def build_network(
    shape: Shape,
    tokenizer: PreTrainedTokenizerFast,
    seed: int,
    rope_theta: float = ROPE_THETA,
    tied: bool = True,
) -> LlamaForCausalLM:
    """Make a network of that shape with weights drawn from a seed.

    Args:
        shape: Its size.
        tokenizer: Names the vocabulary and the special tokens.
        seed: Of the weights.
        rope_theta: Base of the wavelengths by which attention tells distances.
        tied: Whether answers are spelled with the embeddings, or with weights of their own.
    """
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.blocks,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=shape.context,
        initializer_range=0.5 / math.sqrt(shape.width),
        tie_word_embeddings=tied,
        rope_theta=rope_theta,  # pyright: ignore[reportCallIssue]
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


def start_from(model: LlamaForCausalLM, name: str) -> None:
    """Give a network the weights of a built-in model of the same shape.

    Raises:
        ModelError: If there is no built-in model of that name, or its shape is another.
    """
    source = LlamaForCausalLM.from_pretrained(pico.require(name), dtype=torch.float32)
    wanted, there = ({n: tuple(p.shape) for n, p in m.named_parameters()} for m in (model, source))
    if wanted != there:
        other = next(n for n in {**wanted, **there} if wanted.get(n) != there.get(n))
        raise ModelError(
            f"{name} is of another shape: {other} is {there.get(other)}",
            f"{wanted.get(other)}",
            "a recipe with the shape of the model that it starts from",
        )
    model.load_state_dict(source.state_dict())


def silence_others(model: LlamaForCausalLM, block: int, head: int) -> None:
    """Leave one head as all that writes to the residual in a block, now and through any training.

    The other heads' columns of the output projection and the feed-forward part's output are set to zero, and
    their gradients are too.
    """
    layer: Any = model.model.layers[block]
    output = layer.self_attn.o_proj.weight  # (width, heads x head_dim)
    own = torch.zeros_like(output)
    size = output.shape[1] // model.config.num_attention_heads
    own[:, head * size : (head + 1) * size] = 1
    for weight, kept in ((output, own), (layer.mlp.down_proj.weight, torch.zeros(()))):
        with torch.no_grad():
            weight.mul_(kept.to(weight.device))
        weight.register_hook(lambda grad, kept=kept: grad * kept.to(grad.device))
