"""What the numbers of prediction similarity depend on, beside model, task and seed (M3)."""

from __future__ import annotations

from pydantic import Field

from taskscope.studies.base import Params


class SimilarityParams(Params):
    """Sizes of a similarity cell."""

    k: int = Field(default=16, ge=3)
    """Demonstrations in a prompt: a correlation within it needs three."""
    template: str = "input-output"
    """How questions are written; one of `templates.NAMES`."""
    n_similarity: int = Field(default=100, ge=8)
    """Questions, each with demonstrations of its own."""
