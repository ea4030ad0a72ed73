"""What can be changed about the inverse-scaling study, and the profiles."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from taskscope.errors import StudyError, nearest
from taskscope.models.series import Place
from taskscope.studies import base
from taskscope.studies.base import PROFILES
from taskscope.tasks import choice_registry


class InverseScalingParams(base.Params):
    """Parameters of the study."""

    tasks: tuple[str, ...] = Field(default_factory=lambda: tuple(choice_registry.names()))
    """Generated tasks by name, released ones (``released/neqa``), or paths of files; not used with scores."""
    scores: tuple[str, ...] = ()
    """Folders of per-example results, judged in place of measured ones."""
    served: tuple[str, ...] = ()
    """CSV files that list models behind servers: url, model, family, parameters, tokens."""
    points: str = ""
    """Published means to draw beside the curves and to compare with: ``opt``, or a CSV."""
    n_items: int = Field(default=300, ge=2)
    """Items of a generated task; the contest asked for 300 at least (V3)."""
    beside: bool = True
    """Also ask what stands beside a task: its parts alone, controls, demonstrations (E3, E7)."""
    shots: tuple[Annotated[int, Field(ge=1)], ...] = (1,)
    """Numbers of demonstrations to ask the task after, beside asking it after none (E3)."""
    shot_draws: int = Field(default=1, ge=1)
    """Draws of demonstrations for each number, the same for all models of a series (E3)."""
    reasoning: int = Field(default=0, ge=0)
    """Tokens that a model may write before it chooses, in an arm of its own (E4); 0 for no such arm."""
    strengths: tuple[Annotated[float, Field(ge=0, le=3)], ...] = ()
    """Strengths of the distractor to ask generated tasks at, beside the usual one, which is 1."""
    renamed: bool = False
    """Also ask with neutral words for labels, one way round and the other (E7)."""
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    """Seeds of the generated items and of their demonstrations; a task from a file is asked once."""
    draws: int = Field(default=2000, ge=100)
    """Resamples of items."""


class CellParams(base.Params):
    """What one cell of measured items depends on."""

    asked: str
    """The task as it was named."""
    n_items: int
    beside: bool
    shots: tuple[int, ...]
    shot_draws: int
    reasoning: int
    strengths: tuple[float, ...]
    renamed: bool
    place: Place
    url: str = ""
    """Address of the server that the model is behind; empty for one that is loaded here."""


SHORT = ("memo-trap", "neqa")
"""Tasks with short prompts: one that models complete, one with options to exchange."""

_PROFILES = {
    "smoke": InverseScalingParams(tasks=SHORT, n_items=80, draws=500),
    "standard": InverseScalingParams(),
    "full": InverseScalingParams(
        n_items=1000,
        shots=(1, 4),
        shot_draws=5,
        reasoning=64,
        strengths=(0, 2, 3),
        renamed=True,
        draws=10_000,
    ),
    "paper": InverseScalingParams(n_items=1000, beside=False, draws=10_000),
}


def profile(name: str) -> InverseScalingParams:
    """Return the parameters of a profile; ``paper`` asks the tasks alone, as the contest did.

    Raises:
        StudyError: If there is no such profile.
    """
    if name not in _PROFILES:
        raise StudyError(f"profile {name!r}", f"one of {', '.join(PROFILES)}", nearest(name, PROFILES))
    return _PROFILES[name]
