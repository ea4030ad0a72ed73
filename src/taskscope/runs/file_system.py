"""What the file system under a run folder can do, found out instead of hoped for.

Most move a folder into another one in one step. Some refuse (a bind mount between the two, the lower layer of
an overlay), and gateways to object stores say yes and then copy file by file. Both are served by copying with
the record last (`taskscope.runs.atomic`); this module tells which is which.
"""

from __future__ import annotations

import errno
import os
import re
from functools import cache
from pathlib import Path

CANNOT_MOVE = {errno.EXDEV, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS}
"""What a file system answers that cannot move a folder into another one."""

_MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")
"""How ``mountinfo`` writes blanks, tabs, line ends and backslashes."""
_GATEWAYS = ("s3fs", "gcsfuse", "goofys", "mount-s3", "mountpoint-s3", "rclone", "blobfuse", "ossfs")
"""File systems that keep objects instead of folders, and move a folder by copying."""


def moves_in_one_step(scratch: Path) -> bool:
    """Try whether a folder moves into another one in one step, where its files are then found.

    Args:
        scratch: An empty folder on the file system in question.
    """
    if copies_when_moving(scratch):
        return False
    source, target = scratch / "from" / "folder", scratch / "to" / "folder"
    source.mkdir(parents=True)
    target.parent.mkdir()
    (source / "file").write_bytes(b"moved")
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno not in CANNOT_MOVE:
            raise
        return False
    return (target / "file").read_bytes() == b"moved" and not source.exists()


@cache
def copies_when_moving(folder: Path) -> bool:
    """Whether a folder lies on a gateway to an object store, where a move is no single step."""
    try:
        lines = os.fsdecode(_MOUNTS.read_bytes()).split("\n")
    except OSError:  # not Linux: what its file systems refuse is found out by trying
        return False
    place = folder.resolve()
    mounts = [fields for fields in map(_mount, filter(None, lines)) if place.is_relative_to(fields[0])]
    if not mounts:  # below another root than the system's
        return False
    _, kind, source = max(mounts, key=lambda fields: len(fields[0].parts))
    return any(name in f"{kind} {source}".lower() for name in _GATEWAYS)


def _mount(line: str) -> tuple[Path, str, str]:
    """Return mount point, type and source of one line of ``mountinfo``."""
    before, _, after = line.partition(" - ")
    point = _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), before.split(" ")[4])
    kind, source, *_ = after.split(" ")
    return Path(point), kind, source
