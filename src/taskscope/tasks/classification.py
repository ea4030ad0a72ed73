"""What a classification task is: texts of known classes, the word that stands for each class, how to ask."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from taskscope.errors import TaskError
from taskscope.runs.cell import canonical_json
from taskscope.tasks.prompts import Prompt, PromptFormat

Side = Literal["pool", "test"]

_LINE_BREAK = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")


def one_line(text: str) -> str:
    """Return a text in Unicode NFC on one line: a line break would look like the end of a demonstration."""
    return unicodedata.normalize("NFC", _LINE_BREAK.sub(" ", text)).strip()


class Text(BaseModel):
    """A text and the class it belongs to.

    Line breaks become spaces and outer spaces go, because in a prompt both belong to the format.

    Raises:
        pydantic.ValidationError: If nothing is left of the text, or the class is negative.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    label: int = Field(ge=0)
    """Number of the class, from 0."""

    @field_validator("text")
    @classmethod
    def _text(cls, value: str) -> str:
        cleaned = one_line(value)
        if not cleaned:
            raise ValueError("a text is empty")
        return cleaned


class ClassificationTask(BaseModel):
    """Texts to show and texts to ask about, with a label word for each class (protocol structured_tasks 4).

    Raises:
        TaskError: If classes or labels are too few, repeat, or differ in number; if a class is missing from
            the pool or from the test texts (the counts are told); or if a text is in both.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    title: str
    description: str
    classes: tuple[str, ...]
    """Names of the classes, in the order in which texts count them."""
    labels: tuple[str, ...]
    """Label word of each class, as a demonstration shows it, without spaces around it."""
    text_field: str
    """What stands before a text: ``Review``."""
    label_field: str
    """What stands before a label: ``Sentiment``."""
    pool: tuple[Text, ...]
    """Demonstrations are drawn from these."""
    test: tuple[Text, ...]
    """Queries are drawn from these; none of their texts is in the pool."""
    source: str = ""
    """Where the texts come from; for a user's task the path of its file."""
    licence: str = ""
    notes: str = ""
    """Cautions in words: how texts were chosen, what they lack."""

    @model_validator(mode="after")
    def _usable(self) -> ClassificationTask:
        self._check_names()
        for side in ("pool", "test"):
            self._check_classes(side)
        shared = {item.text for item in self.pool} & {item.text for item in self.test}
        if shared:
            raise TaskError(
                f"Task {self.name!r}: {len(shared)} texts are in the pool and in the test set, such as "
                f"{min(shared)[:60]!r}.",
                "queries that no demonstration can show",
            )
        return self

    def _check_names(self) -> None:
        for what, words in (("classes", self.classes), ("labels", self.labels)):
            if len(words) < 2 or len(set(words)) < len(words):
                raise TaskError(
                    f"Task {self.name!r}: {what} {list(words)}.", f"at least two {what}, all different"
                )
        if len(self.labels) != len(self.classes):
            raise TaskError(
                f"Task {self.name!r}: {len(self.labels)} labels for {len(self.classes)} classes.",
                "one label word for each class, in the same order",
            )
        unclean = [word for word in self.labels if not word or word != one_line(word)]
        if unclean:
            raise TaskError(
                f"Task {self.name!r}: label {unclean[0]!r}.",
                "label words that are not empty and have no spaces at an end",
            )

    def _check_classes(self, side: Side) -> None:
        found: dict[int, int] = {}
        for item in getattr(self, side):
            found[item.label] = found.get(item.label, 0) + 1
        counts = {name: found.pop(number, 0) for number, name in enumerate(self.classes)}
        if found:
            raise TaskError(
                f"Task {self.name!r}: a text of the {side} has class {max(found)}.",
                f"a class from 0 to {len(self.classes) - 1}",
            )
        if not all(counts.values()):
            told = ", ".join(f"{name} {count}" for name, count in counts.items())
            raise TaskError(
                f"Task {self.name!r}: {'the pool' if side == 'pool' else 'the test set'} has texts of these "
                f"classes only in part: {told}.",
                "texts of every class; copies of a published set sometimes carry one dummy label throughout",
                "another copy of the set, or leaving the missing class out",
            )

    @cached_property
    def fingerprint(self) -> str:
        """Sha256 over everything a prompt can show, in order; texts about the task do not change it."""
        shown = {
            "name": self.name,
            "classes": self.classes,
            "labels": self.labels,
            "fields": [self.text_field, self.label_field],
            "pool": [[item.text, item.label] for item in self.pool],
            "test": [[item.text, item.label] for item in self.test],
        }
        return hashlib.sha256(canonical_json(shown).encode()).hexdigest()

    @cached_property
    def format(self) -> PromptFormat:
        """How texts and labels are shown: field and text on a line, field and label on the next.

        A query ends at the colon and " label" is scored: a space at the end of a prompt would be a token of
        its own for many tokenizers (protocol structured_tasks P1).
        """
        return PromptFormat(
            "fields", start=f"\n{self.text_field}: ", arrow=f"\n{self.label_field}:", space=" ", end=""
        )

    def counts(self, side: Side) -> tuple[int, ...]:
        """How many texts of each class there are on one side."""
        found = [item.label for item in getattr(self, side)]
        return tuple(found.count(number) for number in range(len(self.classes)))

    def render(self, demonstrations: Sequence[tuple[str, str]], query: str) -> Prompt:
        """Render demonstrations (text, label word) and a query."""
        return self.format.render(demonstrations, query)
