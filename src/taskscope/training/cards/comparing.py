"""Says where a card measured again differs from the one that is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

LOSS, SHARE = 0.002, 0.02
"""Largest differences that another machine may make: of a loss (bits or nats), and of a share.

Sums in another order change the last digits of a logit.  That moves a loss by far less than `LOSS`, and turns
an answer only where two tokens are all but equally likely: two in a hundred are let pass.  On one machine
nothing differs.
"""

_LOSSES = ("english", "documents")


def differences(stored: dict[str, Any], measured: dict[str, Any]) -> list[str]:
    """List what differs by more than the tolerance, a line each; parts not measured now are passed over.

    Args:
        stored: Card as it stands in the folder.
        measured: Card as measured now, without what follows from measurements.
    """
    skipped = measured.get("left_out", {})
    lines = []
    for key in stored.keys() | measured.keys():
        if key in skipped or key == "left_out":
            continue
        pairs = _walk(key, stored.get(key), measured.get(key))
        lines += [f"{path}: {_short(a)} stored, {_short(b)} measured" for path, a, b in pairs]
    return sorted(lines)


def _walk(path: str, a: Any, b: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield path and both values wherever two cards disagree."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in list(a) + [key for key in b if key not in a]:
            yield from _walk(f"{path}/{key}", a.get(key), b.get(key))
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple) and len(a) == len(b):
        for i, (one, other) in enumerate(zip(a, b, strict=True)):
            yield from _walk(f"{path}/{_label(one, i)}", one, other)
    elif _differ(path, a, b):
        yield path, a, b


def _label(value: Any, place: int) -> str:
    """Name an entry of a list by its task, where it is about one."""
    if isinstance(value, dict) and "task" in value:
        return ", ".join(str(value[key]) for key in ("task", "facts") if key in value)
    return str(place)


def _differ(path: str, a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float | int):
        return not abs(a - b) <= (LOSS if path.startswith(_LOSSES) else SHARE)
    return a != b


def _short(value: Any) -> str:
    text = f"{value:.4f}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
