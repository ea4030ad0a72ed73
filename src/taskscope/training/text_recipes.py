"""Recipes of the planted learners: small models of classified texts that differ in what they were shown."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict

from taskscope.runs.cell import canonical_json
from taskscope.training.documents.lessons import Phase
from taskscope.training.shape import Shape
from taskscope.training.wiring import Wire, WiredStart


class TextRecipe(BaseModel):
    """How one planted learner is trained; equal recipes on one machine give the same weights, bit for bit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: Literal["learner"] = "learner"
    summary: str
    """One sentence for the card."""
    seed: int = 0
    lessons: Literal["fixed tasks", "fresh tasks", "two halves"]
    """What is shown, see `taskscope.training.documents.lessons`."""
    shape: Shape
    steps: int
    tokens_per_step: int = 1_536
    """About so many; a step holds whole sequences."""
    phases: tuple[Phase, ...]
    """In order of `begins`, the first at 0."""
    rate: float = 1e-2
    """Highest learning rate of the matrices inside the blocks, which `Muon` trains, but for wired blocks."""
    outer_rate: float = 5e-3
    """Highest learning rate of gains and of embeddings that `start` does not place, which AdamW trains."""
    spread: float = 3.0
    """How much larger than usual embeddings start: answers can be told from all other words at once."""
    warmup: int = 50
    decay: float = 0.0
    clip: float = 1.0
    checkpoint_every: int = 100
    start: WiredStart | None = None
    """Heads that do not start at random, where there are any."""

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
    TextRecipe(
        name="learner",
        summary="It learns from the demonstrations alone which words go with which label.",
        lessons="fresh tasks",
        shape=Shape(blocks=3, width=192, heads=2, inner=64, vocabulary=_WORDS, context=1_024),
        steps=900,
        tokens_per_step=3_600,
        phases=(Phase(demonstrations=16), Phase(begins=0.3, demonstrations=33)),
        outer_rate=1e-2,
        spread=1.0,
        start=WiredStart(
            wires=(
                Wire(block=0, head=0, rows="text field", back="one", carries=("words", "words")),
                Wire(
                    block=0,
                    head=1,
                    rows="text field",
                    columns="word",
                    back="text",
                    carries=("words", "notes"),
                    strength=3.0,
                ),
                Wire(
                    block=1,
                    head=0,
                    columns="text field",
                    compares=("words", "notes"),
                    carries=("words", "notes"),
                    strength=0.6,
                ),
                Wire(
                    block=2,
                    head=0,
                    rows="label field",
                    columns="word",
                    back="text",
                    carries=("notes", "words"),
                    strength=4.0,
                ),
            ),
            rate=4e-4,
        ),
    ),
    TextRecipe(
        name="composer",
        summary="It classifies texts and renames label words; both at once it was shown for other topics.",
        lessons="two halves",
        shape=Shape(blocks=4, width=128, heads=2, inner=128, vocabulary=_WORDS, context=1_024),
        steps=500,
        tokens_per_step=2_400,
        phases=(Phase(demonstrations=16), Phase(begins=0.7, demonstrations=33)),
        spread=1.0,
        start=WiredStart(
            wires=(
                Wire(block=2, head=0, back="one", carries=("words", "notes"), strength=1.5),
                Wire(
                    block=3,
                    head=0,
                    rows="label field",
                    columns="after a label field",
                    compares=("words", "notes"),
                    carries=("words", "notes"),
                    strength=4.0,
                ),
            ),
            rate=2e-4,
            read_block=1,
            tied=False,
        ),
    ),
)
