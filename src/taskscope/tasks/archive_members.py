"""What archives hold: refused as a whole where a member points outside, though nothing is ever unpacked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from taskscope.errors import TaskError

_ROOTED = re.compile(r"[/\\]|[A-Za-z]:")


def check_names(names: Iterable[str], archive: Path) -> None:
    """Refuse an archive that somebody built to write where it should not.

    Args:
        names: Of its members, as the archive has them.
        archive: Named in the error.

    Raises:
        TaskError: If a name begins at a root or a drive, or climbs with ``..``.
    """
    for name in names:
        if _ROOTED.match(name) or ".." in re.split(r"[/\\]", name):
            raise TaskError(f"{archive}: its member {name!r} points outside.", "an archive of files below it")
