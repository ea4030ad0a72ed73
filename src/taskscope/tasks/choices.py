"""What a choice task is: prompts, the texts that may follow each, and which of them is right.

The four kinds are those of the inverse-scaling contest (protocol inverse_scaling 2 and 4): a choice among
classes, the loss of one completion, and two that compare the odds of two classes after two prompts.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import cached_property
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from taskscope.runs.cell import canonical_json

Metric = Literal["classification", "sequence", "log-odds", "absolute-log-odds"]
METRICS: tuple[Metric, ...] = get_args(Metric)
Cause = Literal["strong-prior", "unwanted-imitation", "distractor", "spurious-few-shot", ""]
"""Why a task may get worse with size (C2); empty where nobody said."""


class ChoiceItem(BaseModel):
    """One prompt with the texts that may follow it.

    Texts are kept to the letter: a class begins with its own space where it has one, and nothing is trimmed,
    because another space is another token.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str
    classes: tuple[str, ...] = Field(min_length=1)
    """What may follow, to be appended as it stands; one alone, the completion, in a sequence task."""
    answer: int = 0
    """Index of the right class."""
    other_prompt: str = ""
    """The prompt compared with, in the two log-odds kinds; else empty."""
    id: str = ""
    part: int = 1
    cluster: str = ""
    """What items made alike share, such as their template: the unit of resampling (6.1). Empty if unknown."""
    control: bool = False
    """Belongs to the control set: the same form without what should mislead."""

    @field_validator("answer")
    @classmethod
    def _in_range(cls, value: int, info: ValidationInfo) -> int:
        n = len(info.data.get("classes", ()))
        if not 0 <= value < n:
            raise ValueError(f"answer {value} is none of the {n} classes, counted from 0")
        return value


class ChoiceTask(BaseModel):
    """A named set of items of one kind.

    Raises:
        pydantic.ValidationError: If there is no item, an id stands twice, or an item does not fit the kind.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    title: str
    description: str
    metric: Metric = "classification"
    cause: Cause = ""
    items: tuple[ChoiceItem, ...] = Field(min_length=1)
    source: str = ""
    """Where the items come from; for a user's task the path of its file."""
    licence: str = ""
    notes: str = ""

    @model_validator(mode="before")
    @classmethod
    def _number(cls, data: object) -> object:
        """Give items without an id their place in the list as one."""
        if not isinstance(data, dict) or "items" not in data:
            return data
        return {**data, "items": tuple(_with_id(item, place) for place, item in enumerate(data["items"]))}

    @model_validator(mode="after")
    def _fits(self) -> ChoiceTask:
        twice = [text for text, n in Counter(item.id for item in self.items).items() if n > 1]
        if twice:
            raise ValueError(f"{len(twice)} ids stand more than once, among them {twice[0]!r}")
        for item in self.items:
            problem = misfit(item, self.metric)
            if problem:
                raise ValueError(f"item {item.id}: {problem}")
        return self

    @cached_property
    def fingerprint(self) -> str:
        """Sha256 over the kind and every item: what may change a measurement, and nothing else."""
        content = [self.metric, *(item.model_dump(mode="json") for item in self.items)]
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def misfit(item: ChoiceItem, metric: Metric) -> str:
    """Say why an item cannot be measured as that kind; empty if it can."""
    n = len(item.classes)
    if metric == "sequence":
        return "" if n == 1 else f"{n} classes, where a sequence has one completion"
    if metric == "classification":
        return "" if n >= 2 else "one class, where a choice needs two or more"
    if n != 2:
        return f"{n} classes, where log-odds need two"
    return "" if item.other_prompt else "no other prompt, which log-odds compare with"


def _with_id(item: object, place: int) -> object:
    if isinstance(item, ChoiceItem) and not item.id:
        return item.model_copy(update={"id": str(place)})
    return item
