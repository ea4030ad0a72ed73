"""Parameters of the task-space study and its four profiles."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from taskscope.errors import StudyError, nearest
from taskscope.models.series import Place
from taskscope.studies.base import PROFILES, Params
from taskscope.studies.task_spaces.hypothesis_files import Hypothesis, read

TUNED, PLAIN, SCATTERED, SHUFFLED = "difference", "plain", "scattered", "shuffled"
"""Tuning by gradient differences; on the good sentences alone; with the weights to tune drawn at random; with
good and bad exchanged at random (conditions a, c, e and f of E1)."""
APART = "apart"
"""Tuning by gradient differences where pairs learned from and judged share no content word (E8)."""
CONDITIONS = (TUNED, PLAIN, SCATTERED, SHUFFLED, APART)
"""Those that are asked for unless more are."""
WHOLE, PLAIN_MASKED = "whole", "plain-masked"
"""Tuning by gradient differences on all weights; on the good sentences alone, but on the weights that
gradient differences choose (conditions b and d of E1)."""
REVERSED = "reversed"
"""Tuning downhill on gradient differences: good and bad exchanged in every pair (E2, E8)."""
ALL_CONDITIONS = (*CONDITIONS, WHOLE, PLAIN_MASKED, REVERSED)
PREDICTED = "first order"
"""Not a way of tuning: what the gradients of two tasks say that a step on one does to the other (5.4)."""

FEW = (
    *("reflexive-gender", "reflexive-number", "noun-after-this", "noun-after-count"),
    *("that-without-gap", "what-with-gap", "auxiliary-of-subject", "auxiliary-after-another"),
)
"""Eight of our paradigms in four phenomena."""


N_STEPPED = 4
"""Tasks along whose direction one small step is taken in earnest, to check the prediction."""


class PairParams(Params):
    """Which pairs are learned from and which are judged; every cell depends on it."""

    n_train: int = Field(default=48, ge=1)
    """Pairs to learn from, in each of two halves that share none."""
    n_eval: int = Field(default=30, ge=1)
    """Pairs to judge by, in each half, none of them learned from."""


class ProbeParams(PairParams):
    """What scores, gradients and word overlap depend on (E0, E6, E8)."""

    density: float = Field(default=0.05, gt=0, le=1)
    """Share of the weights that is tuned: those with the largest gradient; published: about 5 %."""
    mask: Literal["density", "threshold", "signal"] = "density"
    """How weights are chosen: that share; gradients above `threshold`; means beyond `z` standard errors."""
    threshold: float = Field(default=1e-3, gt=0)
    """Gradient above which a weight is tuned, as published; not comparable across sizes (2.3)."""
    z: float = Field(default=3.0, gt=0)
    """Standard errors of the mean gradient, over eight parts of the pairs."""


class ProbeCell(ProbeParams):
    """The same with where the model stands in a series, for claims along it."""

    place: Place

    @property
    def place_in_rows(self) -> dict[str, object]:
        """The place as columns of rows."""
        return {
            "family": self.place.family,
            "member": self.place.member,
            "parameters": float(self.place.body_parameters or self.place.parameters),
            "tokens": None if self.place.tokens is None else float(self.place.tokens),
            "finished": self.place.finished,
        }


class TuneParams(ProbeParams):
    """What tuning on one task depends on; where it lives (E10) depends on no more."""

    steps: int = Field(default=10, ge=1)
    """Steps of tuning at most."""
    fewest_steps: int = Field(default=3, ge=1)
    """Steps at least, so that tasks at their ceiling get a row too."""
    batch: int = Field(default=12, ge=1)
    """Pairs of one step."""
    rate: float = Field(default=0.0, ge=0)
    """Learning rate; 0 for one by size: 2e-3 up to 10 M weights, 3e-4 up to 50 M, else 1e-4."""
    strength: float = Field(default=2.0, gt=0)
    """Tuning stops once a batch has gained this many standard deviations of the scores at first."""


class TransferParams(TuneParams):
    """What the change of every task by tuning on one depends on (E1, E2)."""

    conditions: tuple[str, ...] = CONDITIONS
    """How to tune; the first of them is always measured."""


class TaskSpaceParams(TransferParams):
    """All parameters; those beyond a cell's own can change without measuring again."""

    tasks: tuple[str, ...] = Field(default=("grammar",), min_length=1)
    """Names of minimal pairs: our own, BLiMP's, paths of files, ids of data sets on the hub."""
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    first_order: bool = False
    """Draw the map from one gradient of each task and tune on none: for models too large for that."""
    lives: bool = False
    """Ask where each task lives: its weights and its change by block and module, a cell for each task."""
    draws: int = Field(default=5000, ge=100)
    """Permutations of the phenomena behind every chance level."""
    hypothesis: Hypothesis | None = None
    """What the map is held against beside phenomena and fields: the path of a .csv file with task names in
    its header and first column; see `hypothesis_files`."""

    @field_validator("hypothesis", mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        return read(given) if isinstance(given, str) else given

    @property
    def probe(self) -> ProbeParams:
        """The part that decides scores, gradients and word overlap."""
        return ProbeParams(**self.model_dump(include=set(ProbeParams.model_fields)))

    @property
    def tune(self) -> TuneParams:
        """The part that decides where a task lives."""
        return TuneParams(**self.model_dump(include=set(TuneParams.model_fields)))

    @property
    def transfer(self) -> TransferParams:
        """The part that decides the change by tuning."""
        return TransferParams(**self.model_dump(include=set(TransferParams.model_fields)))

    def check(self) -> None:
        """Refuse what pydantic's types cannot.

        Raises:
            StudyError: A seed or condition named twice, an unknown condition, or the tuning by gradient
                differences left out.
        """
        for what, values in (("seed", self.seeds), ("condition", self.conditions)):
            twice = [value for value in dict.fromkeys(values) if values.count(value) > 1]
            if twice:
                raise StudyError(f"{what} {twice[0]!r} is named twice", f"each {what} once")
        for value in self.conditions:
            if value not in ALL_CONDITIONS:
                raise StudyError(
                    f"condition {value!r}",
                    f"some of {', '.join(ALL_CONDITIONS)}",
                    nearest(value, ALL_CONDITIONS),
                )
        if TUNED not in self.conditions:
            raise StudyError(f"conditions {list(self.conditions)}", f"{TUNED!r}, which is judged, among them")


_PROFILES = {
    "smoke": TaskSpaceParams(
        tasks=FEW,
        n_train=12,
        n_eval=6,
        conditions=(TUNED, SHUFFLED),
        steps=4,
        batch=6,
        draws=1000,
    ),
    "standard": TaskSpaceParams(lives=True),
    "full": TaskSpaceParams(
        n_train=160,
        n_eval=40,
        steps=60,
        batch=32,
        fewest_steps=5,
        seeds=(0, 1, 2),
        conditions=ALL_CONDITIONS,
        lives=True,
    ),
    "paper": TaskSpaceParams(
        tasks=("blimp",),
        n_train=400,
        n_eval=100,
        steps=100,
        batch=32,
        fewest_steps=5,
        seeds=(0, 1, 2),
        conditions=ALL_CONDITIONS,
        lives=True,
    ),
}


def profile(name: str) -> TaskSpaceParams:
    """Return the parameters of a profile; ``paper`` needs BLiMP's files.

    Raises:
        StudyError: If there is no such profile.
    """
    if name not in _PROFILES:
        raise StudyError(f"profile {name!r}", f"one of {', '.join(PROFILES)}", nearest(name, PROFILES))
    return _PROFILES[name]
