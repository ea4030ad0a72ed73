"""The eleven tasks of the Inverse Scaling Prize as released; nothing of them is part of this package.

Their files are read from a folder and compared with the published sizes and digests (protocol 4.1).
"""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from taskscope.errors import TaskError
from taskscope.tasks import choice_files
from taskscope.tasks.choices import Cause, ChoiceTask

PREFIX = "released/"
SOURCE = "Inverse Scaling Prize, final release (McKenzie et al. 2023)"
LICENCE = "CC BY 4.0; NeQA perhaps CC BY-SA 4.0, as its source"


class OtherVersion(UserWarning):
    """A released file that is not the published one, byte for byte."""


@dataclass(frozen=True)
class Released:
    """What is published of one file."""

    name: str
    title: str
    cause: Cause
    items: int
    description: str
    file: str
    bytes: int
    sha256: str


@cache
def released() -> dict[str, Released]:
    """Return what is known of the released tasks, by name without the prefix."""
    text = files("taskscope.tasks").joinpath("data", "released_choices.json").read_text(encoding="utf-8")
    return {entry["name"]: Released(**entry) for entry in json.loads(text)}


def load(name: str, folder: Path) -> ChoiceTask:
    """Read a released task; another version than the published one warns and says so in its notes.

    Args:
        name: One of `released`.
        folder: Holds the file under its published name.

    Raises:
        TaskError: If it is not there or cannot be read.
    """
    known = released()[name]
    path = folder / known.file
    if not path.is_file():
        raise TaskError(
            f"There is no file {str(path)!r}.",
            "the file of the contest's release, unzipped",
            f"a task of the same kind that needs no file: {name}",
        )
    task = choice_files.load(path)
    difference = _difference(known, path)
    if difference:
        warnings.warn(f"{path}: {difference}", OtherVersion, stacklevel=2)
    return task.model_copy(
        update={
            "name": PREFIX + name,
            "title": known.title,
            "description": known.description,
            "cause": known.cause,
            "source": SOURCE,
            "licence": LICENCE,
            "notes": difference or f"As published, sha256 {known.sha256[:12]}.",
        }
    )


def _difference(known: Released, path: Path) -> str:
    size = path.stat().st_size
    if size != known.bytes:
        return f"{size:,} bytes where the published one has {known.bytes:,}: another version."
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != known.sha256:
        return f"sha256 {digest[:12]} where the published one has {known.sha256[:12]}: another version."
    return ""
