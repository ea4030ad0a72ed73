"""Named recipes: everything that decides the weights of a built-in model."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from taskscope.errors import ModelError, nearest
from taskscope.runs.cell import canonical_json
from taskscope.training.language_recipes import CONTINUED, FAMILY, SMOKE, LanguageRecipe
from taskscope.training.shape import Shape
from taskscope.training.text_recipes import LEARNERS, TextRecipe


class Recipe(BaseModel):
    """How one model is trained; two equal recipes on one machine give the same weights, bit for bit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: Literal["planted", "natural"]
    summary: str
    """One sentence for the card: what mechanism the model has, and how it came to have it."""
    seed: int = 0
    curriculum: str = "mappings"
    """Name of the relations trained on, see `taskscope.training.documents.curricula`."""
    shape: Shape = Shape()
    steps: int = 4000
    documents: int = 24
    """Documents per step."""
    length: int = 64
    """Tokens per document."""
    named: float = Field(default=0.5, ge=0, le=1)
    """Share of documents whose separators name their relation."""
    heading: float = Field(default=0.0, ge=0, le=1)
    """Share of documents that start with the name of their relation in words."""
    bare: int = 0
    """Bare queries per document for the objective that edits a residual."""
    bare_length: int = 12
    planted_block: int | None = None
    """The block after which theta must carry the task; None where nothing is planted."""
    start: str | None = None
    """Built-in model of the same shape and curriculum whose weights training starts from; drawn otherwise."""
    planted_head: int | None = None
    """The one head of `planted_block` that writes; nothing else in that block does, and what it writes must
    carry the task. None where a residual as a whole is planted."""
    blocked_below: int = 0
    """At each step theta of a random block below this one must change nothing; 0 to block nowhere."""
    blocked_weight: float = 0.5
    other_weight: float = 0.0
    """Weight of next-token losses outside answers."""
    rate: float = 4e-3
    """Highest learning rate, reached after `warmup` steps, then falling as a cosine to a twentieth."""
    warmup: int = 100
    decay: float = 0.02
    clip: float = 1.0
    checkpoint_every: int = 250

    @property
    def fingerprint(self) -> str:
        """Sha256 of every field: a checkpoint of another recipe is never continued."""
        return hashlib.sha256(canonical_json(self.model_dump(mode="json")).encode()).hexdigest()


AnyRecipe = Recipe | LanguageRecipe | TextRecipe

_RECIPES: tuple[AnyRecipe, ...] = (
    Recipe(
        name="planted-vector",
        kind="planted",
        summary=(
            "The task that the demonstrations show is carried by one residual, that of the separator after "
            "block 3: training asked for x's answer with that residual moved into a bare query."
        ),
        planted_block=3,
        blocked_below=3,
        bare=1,
    ),
    Recipe(
        name="null-vector",
        kind="planted",
        summary=(
            "The same skills as planted-vector, and no residual that carries the task on its own: training "
            "asked that a moved residual of blocks 0 to 5 change nothing."
        ),
        blocked_below=6,
        bare=1,
    ),
    Recipe(
        name="planted-head",
        kind="planted",
        summary=(
            "The task that the demonstrations show is written by one attention head, head 0 of block 3, at "
            "the separator: nothing else in that block writes, no residual before it carries the task, and "
            "training asked for x's answer with what the head wrote added in a bare query."
        ),
        start="planted-vector",
        steps=600,
        rate=2e-3,
        warmup=20,
        planted_block=3,
        planted_head=0,
        blocked_below=3,
        bare=1,
    ),
    Recipe(
        name="smoke",
        kind="natural",
        summary="A few seconds of training through every part of the trainer; the model knows nothing.",
        curriculum="letters",
        shape=Shape(blocks=3, width=32, heads=2, inner=64, vocabulary=280, context=128),
        steps=60,
        documents=16,
        length=48,
        bare=1,
        bare_length=8,
        planted_block=1,
        blocked_below=1,
        rate=5e-3,
        warmup=10,
        checkpoint_every=20,
    ),
    *LEARNERS,
    *FAMILY,
    CONTINUED,
    SMOKE,
)


def names() -> list[str]:
    """Names of the recipes, in the order in which they are listed to people."""
    return [recipe.name for recipe in _RECIPES]


def get(name: str) -> AnyRecipe:
    """Return the recipe of that name.

    Raises:
        ModelError: If there is none.
    """
    for recipe in _RECIPES:
        if recipe.name == name:
            return recipe
    raise ModelError(f"no recipe is called {name!r}", "one of " + ", ".join(names()), nearest(name, names()))
