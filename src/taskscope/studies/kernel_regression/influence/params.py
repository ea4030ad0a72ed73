"""What the numbers of label influence and ablation depend on, beside model, task and seed (section 8)."""

from __future__ import annotations

from pydantic import Field

from taskscope.studies.base import Params


class InfluenceParams(Params):
    """Sizes of an influence cell."""

    k: int = Field(default=16, ge=3)
    """Demonstrations in a prompt."""
    template: str = "input-output"
    """How questions are written; one of `templates.NAMES`."""
    n_choosing: int = Field(default=100, ge=8)
    """Questions by which heads are chosen: how often their vote is the model's answer."""
    n_influence: int = Field(default=60, ge=4)
    """Questions in which each label is swapped in turn."""
    vote_share: float = Field(default=0.05, gt=0, le=1)
    """Share of all heads that are replaced together; at least one is."""
    n_matched_sets: int = Field(default=5, ge=1)
    """Sets of as many other heads of the same blocks."""
