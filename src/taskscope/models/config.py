"""The few facts of a Hugging Face config that are used, under every name that families give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEPTH_NAMES = ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "num_transformer_layers")
"""Number of blocks."""
PATTERN_NAMES = ("layer_types", "layers_block_type", "hybrid_override_pattern")
"""What each block is, for configs that state the number of blocks in no other way."""
HEADS_NAMES = ("num_attention_heads", "n_head", "num_heads", "n_heads")
"""Query heads per block."""
WIDTH_NAMES = ("hidden_size", "n_embd", "d_model", "model_dim", "word_embed_proj_dim")
"""Width of the residual."""
CONTEXT_NAMES = (
    "max_position_embeddings",
    "n_positions",
    "n_ctx",
    "max_seq_len",
    "max_sequence_length",
    "max_context_length",
    "context_length",
    "seq_length",
)
"""Longest sequence in tokens."""
TEXT_PARTS = ("text_config", "llm_config", "language_config")
"""Where multimodal configs keep the language part."""


def first_int(config: Any, names: tuple[str, ...]) -> int | None:
    """Return the first of `names` that a config (object or mapping) holds as a positive integer, or None."""
    for name in names:
        value = config.get(name) if isinstance(config, Mapping) else getattr(config, name, None)
        if isinstance(value, int) and value > 0:
            return value
    return None


def text_part(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the language part of a config.json, which is the whole unless the model is multimodal."""
    for name in TEXT_PARTS:
        if isinstance(config.get(name), Mapping):
            return config[name]
    return config
