"""What a mapping task is: a named set of items, each an input with its accepted answers."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from taskscope.runs.cell import canonical_json

Group = Literal[
    "algorithmic",
    "translation",
    "linguistic",
    "knowledge",
    "word",
    "bijection",
    "two-step",
    "composition",
    "user",
]


def _clean(text: str) -> str:
    """Normalise to NFC and refuse what a prompt format could not show: nothing, or spaces at an end."""
    if not text or text != text.strip():
        raise ValueError(f"{text!r} is empty or has spaces at an end")
    return unicodedata.normalize("NFC", text)


class Item(BaseModel):
    """One input with its accepted answers.

    Texts are kept in Unicode NFC, so that an accent is one character whoever typed it.

    Raises:
        pydantic.ValidationError: If a text is empty or has spaces at an end, or an answer stands twice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: str
    answers: tuple[str, ...] = Field(min_length=1)
    """Every accepted answer; the first is the canonical label that demonstrations show."""
    cluster: str = Field(default="", validate_default=True)
    """Near-twins that would give each other away (hot and cold) share a cluster; the input by default."""

    @field_validator("input")
    @classmethod
    def _input(cls, value: str) -> str:
        return _clean(value)

    @field_validator("answers")
    @classmethod
    def _answers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        cleaned = tuple(_clean(answer) for answer in value)
        if len(set(cleaned)) < len(cleaned):
            raise ValueError(f"an answer stands twice in {list(cleaned)}")
        return cleaned

    @field_validator("cluster")
    @classmethod
    def _cluster(cls, value: str, info: ValidationInfo) -> str:
        return value or info.data.get("input", "")

    @property
    def label(self) -> str:
        """The canonical answer."""
        return self.answers[0]


class MappingTask(BaseModel):
    """A task x -> y: its items, and what a reader must know about them.

    Raises:
        pydantic.ValidationError: If there are fewer than two items, or an input stands twice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    title: str
    group: Group
    description: str
    items: tuple[Item, ...] = Field(min_length=2)
    cluster_unit: str = "input"
    """What one cluster is, in words ("letter", "verb"): the unit of resampling (protocol task_vectors 7)."""
    notes: str = ""
    """Cautions in words: label skew, ambiguous inputs, how the list was chosen."""
    source: str = ""
    """Where the items come from; for a user's task the path of its file."""

    @field_validator("items")
    @classmethod
    def _distinct_inputs(cls, value: tuple[Item, ...]) -> tuple[Item, ...]:
        twice = [text for text, count in Counter(item.input for item in value).items() if count > 1]
        if twice:
            raise ValueError(f"input {twice[0]!r} stands more than once; give one item all its answers")
        return value

    @cached_property
    def fingerprint(self) -> str:
        """Sha256 over the name and the items in order; texts about the task do not change it."""
        items = [item.model_dump(mode="json") for item in self.items]
        return hashlib.sha256(canonical_json({"name": self.name, "items": items}).encode()).hexdigest()

    @cached_property
    def label_counts(self) -> Counter[str]:
        """How many items have each canonical label."""
        return Counter(item.label for item in self.items)

    @property
    def majority_rate(self) -> float:
        """Share of items with the most frequent canonical label: what always giving it would score."""
        return max(self.label_counts.values()) / len(self.items)
