"""What the natural pico models read: shares of natural text and of each kind of task document."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, field_validator

from taskscope.errors import TaskError, nearest
from taskscope.runs.cell import canonical_json
from taskscope.training.corpus.sources import Source
from taskscope.training.documents.kinds import KINDS, NATURAL
from taskscope.training.documents.splits import Split


class Mixture(BaseModel):
    """Everything that decides the tokens of a corpus, the sources' contents aside."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    licence: str = ""
    """Licence under which weights trained on it can be given away, as its sources ask."""
    seed: int = 0
    tokens: int = Field(default=20_000_000, ge=1_000)
    """Training tokens; the stream is cut there."""
    vocabulary: int = 4_096
    """Tokens of a tokeniser that is fitted."""
    tokenizer: str = ""
    """Built-in model whose tokeniser encodes the text; by default one is fitted to the mixture."""
    shares: Mapping[str, float]
    """Share of the training tokens per kind of task document; the rest is natural text."""
    sources: tuple[Source, ...]
    judged: str = ""
    """Source whose text models are judged on; paragraphs that share 13 words in a row with it are dropped."""
    split_seed: int = 0
    split_share: float = 0.25
    arrow: float = Field(default=0.0, ge=0, le=1)
    """Share of lists in the format in which the studies ask by default."""
    invented: int = Field(default=80, ge=8)
    """People made up, with facts that no other text holds."""
    passage: int = Field(default=6_000, ge=200)
    """Characters after which a passage of natural text ends with its paragraph."""
    held_out: float = Field(default=0.004, ge=0, lt=1)
    """Share of the sections of natural text kept for evaluation."""
    held_out_tokens: int = Field(default=24_000, ge=100)
    """Most tokens of each part kept for evaluation."""
    shard: int = Field(default=8_000_000, ge=1_000)

    @field_validator("shares")
    @classmethod
    def _known_shares(cls, value: Mapping[str, float]) -> Mapping[str, float]:
        for kind, share in value.items():
            if kind not in KINDS:
                raise TaskError(
                    f"no kind of document {kind!r}", "one of " + ", ".join(KINDS), nearest(kind, KINDS)
                )
            if not 0 <= share <= 1:
                raise TaskError(f"a share of {share} for {kind}", "a number from 0 to 1")
        if sum(value.values()) >= 1:
            raise TaskError(
                f"shares of task documents that add up to {sum(value.values()):.3f}", "less than 1"
            )
        return value

    @property
    def all_shares(self) -> dict[str, float]:
        """Share of every kind that occurs, natural text first."""
        shares = {kind: share for kind, share in self.shares.items() if share}
        return {NATURAL: 1 - sum(shares.values()), **shares}

    @property
    def split(self) -> Split:
        """Which facts are held out."""
        return Split(self.split_seed, self.split_share)

    @property
    def fingerprint(self) -> str:
        """Sha256 of every field; of a tokeniser that is taken over its name, the corpus has its contents."""
        left_out = None if self.tokenizer else {"tokenizer"}  # as it was before there was this choice
        told = self.model_dump(mode="json", exclude=left_out)
        return hashlib.sha256(canonical_json(told).encode()).hexdigest()


SHARES: dict[str, float] = {
    "lists": 0.17,
    "many-shot": 0.13,
    "prose": 0.10,
    "renamed": 0.02,
    "classification": 0.02,
    "definitions": 0.012,
    "sayings": 0.008,
    "arithmetic": 0.012,
    "comparisons": 0.01,
    "negation": 0.008,
    "copying": 0.01,
}

SHIPPED = Mixture(
    name="pico",
    licence="CC BY-SA 4.0",
    tokens=16_000_000,
    shares=SHARES,
    judged="wikitext2_valid_test",
    sources=(
        Source(
            name="wikipedia_en_2015",
            title="English Wikipedia of 2015, a sample of articles",
            licence="CC BY-SA 3.0",
            layout="articles",
            filters=("sentences", "complete"),
            keep=0.22,
        ),
        Source(
            name="gutenberg_selected",
            title="Project Gutenberg: stories for children, detective and science fiction",
            licence="public domain in the USA",
            filters=("sentences",),
            keep=0.15,
        ),
        Source(
            name="openstax_ccby",
            title="OpenStax textbooks",
            licence="CC BY 4.0",
            filters=("sentences", "complete", "publisher"),
            keep=0.35,
        ),
        Source(
            name="fairytaleqa_stories",
            title="FairytaleQA stories",
            licence="public domain; Apache-2.0 collection",
        ),
        Source(name="african_storybook_ccby", title="African Storybook", licence="CC BY 4.0"),
        Source(
            name="onestop_english",
            title="OneStopEnglish news in three levels",
            licence="CC BY-SA 4.0",
            layout="lines",
        ),
        Source(
            name="us_presidential_speeches",
            title="Speeches of presidents of the USA",
            licence="public domain",
        ),
    ),
)
"""The mixture of the built-in pico models. Its share-alike sources decide the licence of the weights."""

CONTESTED = Mixture.model_validate(
    {
        **SHIPPED.model_dump(),
        "name": "pico-icl",
        "seed": 2,  # the seed after a mixture's own is that of its documents for evaluation
        "tokens": 4_000_000,
        "tokenizer": "pico-xs",
        "shares": {
            **{kind: share for kind, share in SHARES.items() if kind not in ("lists", "many-shot", "prose")},
            "contested-brief": 0.13,
            "contested": 0.18,
            "contested-many-shot": 0.12,
            "prose": 0.05,
        },
    }
)
"""A second mixture for models that have read the first: in its lists the query tells less of the rule."""
