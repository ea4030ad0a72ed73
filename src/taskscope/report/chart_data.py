"""What a chart is given: plain records, axes in words and units, rules and published marks."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Records = Iterable[Mapping[str, Any]] | Mapping[str, Sequence[Any]]
"""Rows (``[{"block": 0, "accuracy": 0.1}, ...]``), columns (``{"block": [0, ...], ...}``), or anything with
``to_pylist`` such as a `pyarrow.Table`."""


TEXTS = ("series", "facet", "row", "label")
"""Chart fields that name something; numbers in them (seeds, steps) are names too."""


@dataclass(frozen=True)
class Axis:
    """One axis: which field, what it is called and in which unit."""

    field: str
    title: str
    unit: str = ""
    domain: tuple[float, float] | None = None
    format: str = ""
    """d3 format of ticks and tooltips: ``"%"``, ``".2f"``."""
    log: bool = False
    whole: bool = False
    """True when only whole numbers make sense (blocks, shots): no ticks between them."""

    @property
    def label(self) -> str:
        """Title and unit as printed along the axis."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


@dataclass(frozen=True)
class Rule:
    """A reference line with a label, e.g. chance or the accuracy without any edit."""

    value: float
    label: str
    across: str = "y"
    """``"y"``: horizontal, at a value of the y axis; ``"x"``: vertical."""
    facet: str | None = None
    """The one panel it belongs to; None draws it in all."""


@dataclass(frozen=True)
class Mark:
    """A published value: a hollow diamond with its label, never a threshold."""

    label: str
    value: float
    """Where on the axis that carries the estimate (y of `curves`, x of `intervals`)."""
    at: float | str | None = None
    """x of `curves` (None: at the right edge) or the row of `intervals`."""
    facet: str | None = None


def plain(value: Any) -> Any:
    """Turn numpy scalars into Python ones, and numbers that JSON cannot say into None."""
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def records(data: Records) -> list[dict[str, Any]]:
    """Return rows of plain JSON values, whatever form the data came in.

    Raises:
        ValueError: If columns differ in length.
    """
    rows: Any = data.to_pylist() if hasattr(data, "to_pylist") else data  # type: ignore[union-attr]
    if isinstance(rows, Mapping):
        rows = [dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True)]
    return [{key: plain(value) for key, value in row.items()} for row in rows]


def pick(
    rows: Iterable[Mapping[str, Any]], kind: str, fields: Mapping[str, str | None]
) -> list[dict[str, Any]]:
    """Rename the fields a chart uses to the chart's own names and mark which layer the rows belong to.

    Charts never see a caller's field names, so a dot or a bracket in one cannot be read as a path.

    Args:
        rows: Tidy rows.
        kind: The layer.
        fields: Chart's name -> caller's field, or None to leave it out.

    Raises:
        KeyError: If a row lacks a field.
    """
    used = [(name, field, name in TEXTS) for name, field in fields.items() if field]
    return [
        {"kind": kind} | {name: _text(row[field]) if text else row[field] for name, field, text in used}
        for row in rows
    ]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def in_order(values: Iterable[Any], first: Sequence[Any] = ()) -> list[Any]:
    """Distinct values: those of `first` in their order, then the others as they appear."""
    present = dict.fromkeys(value for value in values if value is not None)
    return [v for v in first if v in present] + [v for v in present if v not in first]


def wrapped(label: Any, width: int = 26) -> str:
    """Break a long label into lines; the axis splits them at the line breaks."""
    return "\n".join(textwrap.wrap(str(label), width)) or str(label)


def binned(
    points: Sequence[Mapping[str, Any]], bins: int, domain: tuple[float, float] | None
) -> list[dict[str, Any]]:
    """Count ``x`` in equal bins for each (series, facet) and return the outline of the shares as rows.

    Args:
        points: Rows with ``x`` and optionally ``series`` and ``facet``.
        bins: Number of bins.
        domain: Ends of the first and last bin; None takes the range of all values.
    """
    if not points:
        return []
    low, high = domain or (min(p["x"] for p in points), max(p["x"] for p in points))
    step = (high - low) / bins or 1.0
    groups: dict[tuple[tuple[str, Any], ...], list[float]] = {}
    for point in points:
        names = tuple((key, point[key]) for key in ("series", "facet") if key in point)
        groups.setdefault(names, []).append(point["x"])
    rows = []
    for names, members in groups.items():
        counts = [0] * bins
        for member in members:
            counts[min(bins - 1, max(0, int((member - low) / step)))] += 1
        for place, count in enumerate([*counts, counts[-1]]):
            rows.append({"kind": "data", **dict(names), "x": low + place * step, "y": count / len(members)})
    return rows
