"""Rules on what is said beside the items: V18 metadata, V19 anonymity."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from taskscope.tasks.choice_description import ASKED, ChoiceDescription, path_of
from taskscope.tasks.choice_validation.issues import Issue

_HOME = re.compile(r"(?:^|/)(?:Users|home)/[^/]+", re.IGNORECASE)


def incomplete(about: ChoiceDescription, path: Path) -> Iterator[Issue]:
    """V18: name the fields that a submission asks for and nothing is said of."""
    missing = [name for name in ASKED if not getattr(about, name)]
    if missing:
        message = f"{path_of(path).name} says nothing of {', '.join(missing)}."
        yield Issue("V18", "warning", None, message)


def identifying(about: ChoiceDescription, names: Sequence[str]) -> Iterator[Issue]:
    """V19: name the files whose names tell an author, since submissions are judged blind."""
    authors = {word.lower() for author in about.authors for word in re.findall(r"\w{3,}", author)}
    for name in names:
        told = sorted(authors & {word.lower() for word in re.findall(r"[^\W\d_]+", name)})
        if told:
            yield Issue(
                "V19", "warning", None, f"The file name {name!r} holds {told[0]!r}, the name of an author."
            )
        elif "@" in name or _HOME.search(name):
            yield Issue("V19", "warning", None, f"The file name {name!r} may tell who packed it.")
