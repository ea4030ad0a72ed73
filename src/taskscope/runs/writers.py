"""Who writes into a run folder, and whether that process still lives."""

from __future__ import annotations

import os
import platform
import re
import secrets
from contextlib import suppress
from pathlib import Path


def new_writer() -> str:
    """Name this process and one piece of its work: ``<machine and process namespace>.<process>.<random>``."""
    return f"{_where()}.{os.getpid()}.{secrets.token_hex(4)}"


def is_gone(writer: str) -> bool:
    """Whether a named writer is known to be dead; False where that cannot be told (another machine)."""
    return is_here(writer) and not _is_alive(int(_process(writer)))


def is_here(writer: str) -> bool:
    """Whether a named writer is a process of this machine, so that it can be told whether it lives."""
    return os.name != "nt" and writer.partition(".")[0] == _where() and _process(writer).isdigit()


def _process(writer: str) -> str:
    return writer.partition(".")[2].partition(".")[0]


def _where() -> str:
    """Name the place where a process number means something: the machine and its process namespace."""
    host = re.sub(r"[^A-Za-z0-9-]", "-", platform.node()) or "host"
    with suppress(OSError):
        return f"{host}-{os.stat('/proc/self/ns/pid').st_ino}"
    return host


def _is_alive(pid: int) -> bool:
    with suppress(OSError):  # one that was killed, and whose parent has not looked yet, is still listed
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
