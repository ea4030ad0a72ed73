"""The small pictures on the overview: the same charts with everything but the data taken away."""

from __future__ import annotations

import copy
from typing import Any

_POSITIONS = ("x", "y")
_LEGENDS = ("color", "shape", "strokeDash")


def thumbnail(spec: dict[str, Any], width: int = 220, height: int = 96) -> dict[str, Any]:
    """Return `spec` as a picture of `width` x `height` pixels without axes, legends, titles or labels.

    Small multiples keep their panels, in up to four columns.
    """
    small = copy.deepcopy(spec)
    for part in ("usermeta", "title"):
        small.pop(part, None)
    small["config"] = {**small["config"], "padding": 2}
    body = small
    if "facet" in small:
        panels = {row["facet"] for row in small["datasets"]["data"]}
        lines = max(1, -(-len(panels) // 4))
        columns = max(1, -(-len(panels) // lines))
        small["columns"], small["spacing"] = columns, 6
        body = small["spec"]
        width, height = width // columns - 6, max(12, height // lines - 6)
    else:
        small["autosize"] = {"type": "fit", "contains": "padding"}
    body |= {"width": width, "height": height}
    body["layer"] = [_bare(layer) for layer in body["layer"] if layer["mark"]["type"] != "text"]
    return small


def _bare(layer: dict[str, Any]) -> dict[str, Any]:
    encoding = {k: v for k, v in layer["encoding"].items() if k != "tooltip"}
    for channel in _POSITIONS:
        if channel in encoding and "value" not in encoding[channel]:
            encoding[channel] = {**encoding[channel], "axis": None, "title": None}
    for channel in _LEGENDS:
        if channel in encoding:
            encoding[channel] = {**encoding[channel], "legend": None}
    mark = dict(layer["mark"])
    if mark["type"] == "point":
        mark["size"] = 12 if mark.get("shape") != "diamond" else 28
    if mark["type"] in ("line", "rule"):
        mark["strokeWidth"] = min(mark.get("strokeWidth", 1.5), 1.5)
    return {**layer, "mark": mark, "encoding": encoding}
