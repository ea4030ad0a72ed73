"""What is said about a choice task beside its items: the fields that the contest asked for (V18)."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from taskscope.errors import TaskError, nearest
from taskscope.tasks.choices import Cause, Metric
from taskscope.tasks.entries import decode


class ChoiceDescription(BaseModel):
    """The .json file of the same name beside a choice file; every field may be left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    title: str = ""
    description: str = ""
    metric: Metric | None = None
    """Needed for absolute log-odds alone, whose columns are those of log-odds."""
    cause: Cause = ""
    why_important: str = ""
    why_inverse: str = ""
    """Why larger models are expected to do worse."""
    why_novel: str = ""
    correct_behaviour: str = ""
    generation: str = ""
    """How the items were made."""
    code: str = ""
    """Where the code that made them can be read."""
    sources: str = ""
    expertise: str = ""
    """What somebody must know to check the answers."""
    shots: str = ""
    """Zero-shot or few-shot."""
    authors: tuple[str, ...] = ()
    licence: str = ""
    notes: str = ""


ASKED = tuple(
    name for name in ChoiceDescription.model_fields if name not in ("title", "metric", "cause", "notes")
)
"""Fields without which a submission is incomplete (V18)."""


def path_of(path: str | Path) -> Path:
    """Name the file that describes a choice file."""
    return Path(path).with_suffix(".json")


def describe(path: str | Path) -> ChoiceDescription:
    """Read what is said of a choice file; nothing is said where there is no such file.

    Raises:
        TaskError: If it is there and cannot be read.
    """
    beside = path_of(path)
    if not beside.is_file():
        return ChoiceDescription()
    try:
        fields = json.loads(decode(beside.read_bytes(), beside))
    except (ValueError, RecursionError) as error:
        raise TaskError(f"{beside}: this is not JSON ({error}).", "an object") from None
    if not isinstance(fields, dict):
        raise TaskError(f"{beside} holds {type(fields).__name__}.", "an object")
    unknown = [key for key in fields if key not in ChoiceDescription.model_fields]
    if unknown:
        known = ChoiceDescription.model_fields
        raise TaskError(
            f"{beside}: unknown field {unknown[0]!r}.",
            f"only {', '.join(known)}",
            nearest(unknown[0], known),
        )
    try:
        return ChoiceDescription(**fields)
    except (ValueError, TypeError) as error:
        raise TaskError(
            f"{beside}: {error}", "texts, authors as a list, and a known metric and cause"
        ) from None
