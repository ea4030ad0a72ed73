"""A report in which every text that somebody could choose is an attack."""

from __future__ import annotations

from typing import Any

from taskscope.report.findings import Figure, Frozen, Verdict

HOSTILE = "\"'><script>alert(1)</script></style><img src=x onerror=alert(1)>{{ 7*7 }}<!--&lt;\u2028"


def poison(value: Any, text: str) -> Any:
    """Append a hostile text to every text in a model, chart data included."""
    if isinstance(value, Verdict) or value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value + text
    if isinstance(value, Figure):
        spec = {
            **value.spec,
            "datasets": {"data": [_poison_row(r, text) for r in value.spec["datasets"]["data"]]},
        }
        fresh = {n: poison(v, text) for n, v in value if n != "spec"}
        return value.model_copy(update={**fresh, "spec": spec})
    if isinstance(value, Frozen):
        return value.model_copy(update={n: poison(v, text) for n, v in value})
    if isinstance(value, tuple):
        return tuple(poison(v, text) for v in value)
    if isinstance(value, dict):
        return {poison(k, text): poison(v, text) for k, v in value.items()}
    raise TypeError(type(value))


def _poison_row(row: dict[str, Any], text: str) -> dict[str, Any]:
    return {k: poison(v, text) if k in ("label", "series", "facet", "row") else v for k, v in row.items()}
