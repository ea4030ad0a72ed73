"""Recipes of the planted learners: small models of classified texts that differ in what they were shown."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict

from taskscope.runs.cell import canonical_json
from taskscope.training.documents.lessons import Phase
from taskscope.training.shape import Shape


class TextRecipe(BaseModel):
    """How one planted learner is trained; equal recipes on one machine give the same weights, bit for bit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: Literal["learner"] = "learner"
    summary: str
    """One sentence for the card."""
    seed: int = 0
    lessons: Literal["fixed tasks"]
    """What is shown, see `taskscope.training.documents.lessons`."""
    shape: Shape
    steps: int
    tokens_per_step: int = 1_536
    """About so many; a step holds whole sequences."""
    phases: tuple[Phase, ...]
    """In order of `begins`, the first at 0."""
    rate: float = 1e-2
    """Highest learning rate of the matrices inside the blocks, which `Muon` trains."""
    outer_rate: float = 5e-3
    """Highest learning rate of embeddings and gains, which AdamW trains."""
    spread: float = 3.0
    """How much larger than usual embeddings start: answers can be told from all other words at once."""
    warmup: int = 50
    decay: float = 0.0
    clip: float = 1.0
    checkpoint_every: int = 100

    @property
    def fingerprint(self) -> str:
        """Sha256 of every field: a checkpoint of another recipe is never continued."""
        return hashlib.sha256(canonical_json(self.model_dump(mode="json")).encode()).hexdigest()

    def phase(self, step: int) -> Phase:
        """Return the phase of a step, counted from 0."""
        return [phase for phase in self.phases if step >= phase.begins * self.steps][-1]


_WORDS = 800
LEARNERS: tuple[TextRecipe, ...] = (
    TextRecipe(
        name="selector",
        summary="It recognises which of a few fixed tasks the demonstrations show, and runs that task.",
        lessons="fixed tasks",
        shape=Shape(blocks=4, width=64, heads=2, inner=128, vocabulary=_WORDS, context=1_024),
        steps=700,
        phases=(
            Phase(demonstrations=4),
            Phase(begins=0.3, demonstrations=8),
            Phase(begins=0.8, demonstrations=32),
        ),
    ),
)
