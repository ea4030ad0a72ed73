"""What the numbers of probes depend on, beside model, task and seed (M4)."""

from __future__ import annotations

from pydantic import Field

from taskscope.studies.base import Params


class FeatureParams(Params):
    """Sizes of a feature cell."""

    k: int = Field(default=16, ge=2)
    """Demonstrations in a prompt."""
    template: str = "input-output"
    """How questions are written; one of `templates.NAMES`."""
    n_probed: int = Field(default=60, ge=4)
    """Questions from whose demonstrations keys and values are read."""
