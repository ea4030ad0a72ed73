"""How large a forward pass may be, from a model's config and device."""

from __future__ import annotations

from typing import Any

import torch

from taskscope.models.batching import Limits
from taskscope.models.blocks import text_config
from taskscope.models.config import CONTEXT_NAMES, DEPTH_NAMES, WIDTH_NAMES, first_int

WINDOW_NAMES = (
    "sliding_window",
    "window_size",
    "attention_window_size",
    "attention_chunk_size",
    "attention_window",
    "sliding_window_size",
    "local_attention",
)
"""Tokens that a local attention layer sees; a packed row must stay below it, for masks are taken as given."""
UNBOUNDED = 1 << 30


def context_of(hf: Any) -> int:
    """Return the longest sequence in tokens; very large where the config states none."""
    return first_int(text_config(hf), CONTEXT_NAMES) or UNBOUNDED


def width_of(hf: Any) -> int:
    """Return d_model."""
    return first_int(text_config(hf), WIDTH_NAMES) or hf.get_input_embeddings().embedding_dim


def limits_of(hf: Any, device: torch.device) -> Limits:
    """Choose the size of batches: what keeps the device busy and stays well below a gigabyte."""
    gpu = device.type == "cuda"
    config = text_config(hf)
    window = min((w for w in (first_int(config, (name,)) for name in WINDOW_NAMES) if w), default=UNBOUNDED)
    vocabulary = first_int(config, ("vocab_size",)) or 1 << 16
    width, depth = width_of(hf), first_int(config, DEPTH_NAMES) or 1
    # Calling a block costs as much as some tokens in it: on a processor about 8,000 / width of them, measured
    # on Llama's and GPT-2's classes from width 64 (154 and 102 tokens) to 768 (10 and 20), for what narrow
    # blocks do is not all multiplying. And every pass reads the output head once.
    block = (1 << 34) // width**2 if gpu else (1 << 13) // width
    start = block + vocabulary // (depth * width)
    return Limits(
        tokens=16384 if gpu else max(512, min(4096, (1 << 23) // width)),
        places=max(16, (1 << 28 if gpu else 1 << 26) // vocabulary),
        row=min(window, context_of(hf)),
        start=max(1, start),
    )
