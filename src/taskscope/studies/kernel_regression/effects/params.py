"""What the numbers of known effects depend on, beside model, task and seed (M7 to M10)."""

from __future__ import annotations

from pydantic import Field

from taskscope.studies.base import Params


class EffectParams(Params):
    """Sizes of an effect cell."""

    k: int = Field(default=16, ge=2)
    """Demonstrations of a prompt, classes equally often in every condition but one."""
    template: str = "input-output"
    """How questions are written; one of `templates.NAMES`."""
    n_effects: int = Field(default=60, ge=8)
    """Held-out questions that are asked in every condition."""
    n_choosing: int = Field(default=40, ge=8)
    """Questions by which the head is chosen whose weights are told."""
    sentence_encoder: str = ""
    """Name or folder of a sentence encoder by which demonstrations are retrieved too."""
