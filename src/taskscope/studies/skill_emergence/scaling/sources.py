"""Where losses come from: the training logs of the built-in series, or a table of finished trainings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from taskscope import pico
from taskscope.errors import StudyError
from taskscope.models.series import PICO
from taskscope.runs.cell import TaskRef
from taskscope.studies.skill_emergence.scaling.rows import ENGLISH, GIVEN, SEEN, UNSEEN
from taskscope.theory.scaling_laws.points import read_csv

_LOG, _CARD = "evaluations.jsonl", "card.json"
_GROUPS = {
    ENGLISH: lambda part: part.startswith("natural/"),
    SEEN: lambda part: part.endswith("/seen"),
    UNSEEN: lambda part: part.endswith("/unseen"),
}
"""Held-out texts of the logs, in groups."""


def reference(source: str) -> TaskRef:
    """Name losses and what is in them.

    Args:
        source: ``pico``, or the path of a table with columns parameters, tokens (or flop) and loss.

    Raises:
        TaskscopeError: If the table cannot be read or fitted.
    """
    if source == PICO:
        content = b"".join(path.read_bytes() for path in _logs())
    else:
        read_csv(Path(source))  # whether it can be fitted is to be known now
        content = Path(source).read_bytes()
    name = source if source == PICO else Path(source).name
    return TaskRef(name=name, fingerprint=hashlib.sha256(content).hexdigest(), source=source)


def read(wanted: TaskRef) -> list[dict[str, Any]]:
    """Read every loss as a record: trained, text, parameters, tokens, loss.

    Raises:
        StudyError: If the losses are not those that were planned.
        TaskscopeError: If they cannot be read.
    """
    if reference(wanted.source).fingerprint != wanted.fingerprint:
        raise StudyError(
            f"the losses in {wanted.source} changed since the run was planned",
            f"a file with fingerprint {wanted.fingerprint[:12]}",
            "planning the run again",
        )
    return list(_of_logs() if wanted.source == PICO else _of_table(Path(wanted.source)))


def _of_table(path: Path) -> Iterator[dict[str, Any]]:
    points = read_csv(path)
    for number, values in enumerate(zip(points.parameters, points.tokens, points.losses, strict=True)):
        told = dict(zip(("parameters", "tokens", "loss"), map(float, values), strict=True))
        yield {"trained": f"row {number + 1}", "text": GIVEN, **told}


def _of_logs() -> Iterator[dict[str, Any]]:
    for log in _logs():
        card = json.loads((log.parent / _CARD).read_text(encoding="utf-8"))
        for line in log.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            for text, belongs in _GROUPS.items():
                losses = [loss for part, loss in told["held_out"].items() if belongs(part)]
                yield {
                    "trained": log.parent.name,
                    "text": text,
                    "parameters": float(card["parameters"]),
                    "tokens": float(told["tokens"]),
                    "loss": float(np.mean(losses)),
                }


def _logs() -> list[Path]:
    folders = (pico.folder(name) for name in pico.names("weights"))
    return [folder / _LOG for folder in folders if folder is not None]
