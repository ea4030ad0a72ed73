"""Models whose last rows are read, by the route that serves them, and the whole maps of their classes."""

from __future__ import annotations

import numpy as np
import tiny
import torch
from families import FAMILIES

from taskscope.models.attention.last_rows import LastRows
from taskscope.models.blocks import locate
from taskscope.models.language_model import LanguageModel

TOLERANCE = 1e-5
"""Largest difference from the whole maps."""
PROMPTS = ("a text of nearly as many tokens as the tiny models take: 60.", "hot->cold\nup->down\nin->", "x",
           "cold->hot\ndown->up\nin->")  # fmt: skip
"""Two of one length and others, a single token among them; the longest goes beyond every window."""
REGISTERED = ("llama", "gemma2", "mistral", "gpt_oss", "gpt_neox", "gpt2", "qwen3", "llama4_text")
"""Shared key heads, soft caps, windows, sinks, learned positions, norms of queries, chunks."""
WATCHED = ("gptj", "codegen", "gpt_neox_japanese", "bloom", "mpt", "gpt_neo", "falcon", "xglm", "openai-gpt",
           "rembert", "roformer", "megatron-bert")  # fmt: skip
"""Classes that take no attention function: some channels rotated, in pairs or halves, fused projections laid
out in their own ways, distances as biases, windows of their own, shared key heads, no cache."""
TARGETS = np.array([[7, 20, 50]] * len(PROMPTS))
"""Tokens asked about after each prompt."""
families = {family.name: family for family in FAMILIES}


def model(name: str) -> LanguageModel:
    hf = tiny.network(families[name])
    return LanguageModel(hf, tiny.tokenizer(), None, locate(hf), f"tiny-{name}", name)


def whole_maps(subject: LanguageModel, prompt: str) -> np.ndarray:
    """Return (block, head, token) cut from what the class itself gives in eager mode."""
    former = subject.attention
    subject.hf.config._attn_implementation = "eager"
    with torch.no_grad():
        ids = torch.tensor([subject.encode(prompt)])
        maps = subject.hf(input_ids=ids, output_attentions=True, use_cache=False).attentions
    subject.hf.config._attn_implementation = former
    return np.stack([weights[0, :, -1].float().numpy() for weights in maps])


def read(subject: LanguageModel) -> LastRows:
    with subject.guard():
        return subject.last_rows(PROMPTS)
