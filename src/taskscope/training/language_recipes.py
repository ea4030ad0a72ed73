"""Recipes of the natural pico models: one stream of tokens, several sizes, next-token prediction alone."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from taskscope.errors import ModelError
from taskscope.runs.cell import canonical_json
from taskscope.training.corpus.mixture import CONTESTED, SHIPPED, Mixture
from taskscope.training.corpus.sources import Source
from taskscope.training.schedules import Schedule, milestones
from taskscope.training.shape import Shape


class LanguageRecipe(BaseModel):
    """How one model is trained on a packed corpus; all sizes see the same tokens in the same order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: Literal["language"] = "language"
    summary: str
    """One sentence for the card."""
    seed: int = 0
    start: str | None = None
    """Built-in model of the same shape and tokeniser whose weights training starts from; drawn otherwise."""
    mixture: Mixture
    shape: Shape
    tokens: int = Field(ge=1)
    """Training tokens; a rest that does not fill a step is left out."""
    tokens_per_step: int = 2_048
    """Small steps: at a fixed number of tokens, more of them brought the loss of the smallest size lower."""
    lengths: tuple[tuple[float, int], ...] = ((0.0, 1_024),)
    """Phases of (share of the steps after which it begins, tokens per sequence); short ones cost less."""
    rate: float = 2e-2
    """Highest learning rate of the matrices inside the blocks, which `Muon` trains."""
    outer_rate: float = 2e-2
    """Highest learning rate of embeddings and gains, which AdamW trains."""
    schedule: Schedule = "linear"
    """At a rate that stayed high, losses stood still for half of a pilot and fell only when the rate did."""
    warmup: int = 100
    decay: float = 0.05
    clip: float = 1.0
    checkpoint_every: int = 200
    kept: int = 10
    """Checkpoints kept along training, log-spaced in tokens, the last step included."""
    first_kept: float = 0.01
    """Share of the steps after which the first of them lies."""

    @model_validator(mode="after")
    def _whole_sequences(self) -> LanguageRecipe:
        uneven = [length for _, length in self.lengths if self.tokens_per_step % length]
        if uneven or not self.lengths or self.lengths[0][0] > 0 or self.tokens <= self.tokens_per_step:
            raise ModelError(
                f"lengths {self.lengths} with {self.tokens_per_step} tokens a step and {self.tokens} in all",
                "a first phase that begins at 0, whole sequences in every step, and at least one step",
            )
        return self

    @property
    def steps(self) -> int:
        """Steps of the optimiser."""
        return (self.tokens - 1) // self.tokens_per_step  # the last token is only ever a target

    @property
    def milestones(self) -> tuple[int, ...]:
        """Steps after which a checkpoint is kept and held-out losses are measured."""
        return milestones(self.steps, self.kept, self.first_kept)

    @property
    def fingerprint(self) -> str:
        """Sha256 of every field: a checkpoint of another recipe is never continued."""
        # Without a start, and a tokeniser taken over, as it was before there were these choices.
        taken = {"start"} if self.start is None else set[str]()
        told = self.model_dump(mode="json", exclude=taken)
        if not self.mixture.tokenizer:
            del told["mixture"]["tokenizer"]
        return hashlib.sha256(canonical_json(told).encode()).hexdigest()


def _pico(name: str, blocks: int, width: int, heads: int, inner: int, outer_rate: float) -> LanguageRecipe:
    shape = Shape(
        blocks=blocks, width=width, heads=heads, inner=inner, vocabulary=SHIPPED.vocabulary, context=1_024
    )
    return LanguageRecipe(
        name=name,
        summary="Next-token prediction on English and task documents; no mechanism was asked for.",
        mixture=SHIPPED,
        shape=shape,
        tokens=SHIPPED.tokens,
        outer_rate=outer_rate,
    )


FAMILY: tuple[LanguageRecipe, ...] = (
    _pico("pico-xs", blocks=6, width=32, heads=2, inner=88, outer_rate=3e-2),
    _pico("pico-s", blocks=10, width=48, heads=2, inner=128, outer_rate=2.5e-2),
    _pico("pico-m", blocks=12, width=80, heads=4, inner=216, outer_rate=2e-2),
    _pico("pico-l", blocks=16, width=128, heads=4, inner=344, outer_rate=1.5e-2),
)
"""The shipped sizes, smallest first."""

CONTINUED = LanguageRecipe.model_validate(
    {
        **FAMILY[-1].model_dump(),
        "name": "pico-l-icl",
        "summary": (
            "pico-l after a second, short training, on lists in which the query tells less of the rule."
        ),
        "start": "pico-l",
        "mixture": CONTESTED.model_dump(),
        "tokens": CONTESTED.tokens,
        "rate": FAMILY[-1].rate * 0.4,
        "outer_rate": FAMILY[-1].outer_rate * 0.4,
        "warmup": 50,
    }
)
"""The largest size trained on: in-context learning where the first training left recall."""

SMOKE = LanguageRecipe(
    name="pico-smoke",
    summary="Half a minute of training through every part of the family's recipe; the model knows nothing.",
    mixture=Mixture(
        name="pico-smoke",
        tokens=32_800,
        vocabulary=512,
        shares={"lists": 0.5, "prose": 0.25, "copying": 0.18},
        sources=(
            Source(name="paragraphs", title="paragraphs that come with the package", licence="Apache-2.0"),
        ),
        invented=8,
        held_out=0.1,
        held_out_tokens=1_100,
        shard=20_000,
    ),
    shape=Shape(blocks=2, width=32, heads=2, inner=64, vocabulary=512, context=1_024),
    tokens=32_800,
    tokens_per_step=1_024,
    lengths=((0.0, 128), (0.8, 1_024)),
    rate=2e-2,
    outer_rate=3e-2,
    warmup=4,
    checkpoint_every=8,
    kept=4,
    first_kept=0.1,
)
"""The miniature that tests train end to end; it reads what the package brings, `tasks.paragraphs`."""
