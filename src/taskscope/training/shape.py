"""The size of a built-in model."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """Size of a decoder of the Llama kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    blocks: int = 8
    width: int = 64
    heads: int = 4
    inner: int = 160
    """Width inside the feed-forward part of a block."""
    vocabulary: int = 2600
    """Tokens of the tokeniser before special ones are added."""
    context: int = 512
