"""Tiny random models of several families and a small tokenizer, made in memory."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

from taskscope.models.batching import Route
from taskscope.models.blocks import locate
from taskscope.models.language_model import LanguageModel

N_BLOCKS, N_HEADS, WIDTH, VOCABULARY = 4, 4, 32, 320
CONTEXT = 96

SENTENCES = (
    "apple->red\nlime->green\ncorn->yellow\nplum->purple\nsnow->white\ncoal->black\nrose->pink",
    "hot->cold\nup->down\nin->out\nfast->slow\nday->night\nwet->dry\nopen->closed\nhappy->sad",
    "the small cat sat on the mat while the old dog slept near the door of the house",
    "Paris is the capital of France and Rome is the capital of Italy, said the teacher",
)

_LLAMA_LIKE = {
    "hidden_size": WIDTH,
    "intermediate_size": 48,
    "num_hidden_layers": N_BLOCKS,
    "num_attention_heads": N_HEADS,
    "num_key_value_heads": 2,
    "max_position_embeddings": CONTEXT,
}
_GPT2_LIKE = {"n_embd": WIDTH, "n_layer": N_BLOCKS, "n_head": N_HEADS, "n_positions": CONTEXT}

CONFIGS: dict[str, dict[str, Any]] = {
    "llama": _LLAMA_LIKE,
    "mistral": {**_LLAMA_LIKE, "sliding_window": 24},
    "qwen3": {**_LLAMA_LIKE, "head_dim": 12},
    "gemma2": {
        **_LLAMA_LIKE,
        "head_dim": 12,
        "sliding_window": 24,
        "query_pre_attn_scalar": 12,
        "final_logit_softcapping": 5.0,
    },
    "cohere": {**_LLAMA_LIKE, "logit_scale": 0.25},
    "granite": {**_LLAMA_LIKE, "logits_scaling": 3.0},
    "gpt2": _GPT2_LIKE,
    "gptj": {**_GPT2_LIKE, "rotary_dim": 4},
    "gpt_neo": {
        "hidden_size": WIDTH,
        "num_layers": N_BLOCKS,
        "num_heads": N_HEADS,
        "attention_types": [[["global", "local"], N_BLOCKS // 2]],
        "window_size": 24,
        "max_position_embeddings": CONTEXT,
    },
    "gpt_neox": {
        "hidden_size": WIDTH,
        "intermediate_size": 48,
        "num_hidden_layers": N_BLOCKS,
        "num_attention_heads": N_HEADS,
        "max_position_embeddings": CONTEXT,
    },
}
FAMILIES = tuple(CONFIGS)


@cache
def tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer with a BOS token that it puts in front by itself."""
    bare = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bare.train_from_iterator(SENTENCES, trainer)
    bare.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return PreTrainedTokenizerFast(tokenizer_object=bare, bos_token="<s>", eos_token="</s>")


def hf_model(
    family: str, *, attention: str | None = None, dtype: str = "float32", seed: int = 0, **changes: Any
) -> Any:
    """A random model whose next-token distribution is far from uniform, so that differences show."""
    settings = {**CONFIGS[family], "vocab_size": VOCABULARY, "bos_token_id": 0, "eos_token_id": 1, **changes}
    if family in ("gemma2", "cohere", "granite", "llama", "mistral", "qwen3"):
        settings["pad_token_id"] = 1
    config = AutoConfig.for_model(family, **settings)
    torch.manual_seed(seed)
    hf = AutoModelForCausalLM.from_config(config, **({"attn_implementation": attention} if attention else {}))
    with torch.no_grad():
        for parameter in hf.parameters():
            parameter.add_(0.15 * torch.randn_like(parameter))
    return hf.to(getattr(torch, dtype)).eval()


@cache
def _shared(family: str, **changes: Any) -> tuple[Any, Any]:
    hf = hf_model(family, **changes)
    return hf, locate(hf)


def toy(
    family: str = "llama", route: Route = "branches", fresh: bool = False, **changes: Any
) -> LanguageModel:
    """A `LanguageModel` around a random model; `fresh` for tests that change its weights or modules."""
    if fresh:
        hf = hf_model(family, **changes)
        anatomy = locate(hf)
    else:
        hf, anatomy = _shared(family, **changes)
    return LanguageModel(hf, tokenizer(), None, anatomy, f"toy-{family}", family, route=route)
