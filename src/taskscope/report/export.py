"""Charts as files: SVG, PDF and PNG through vl-convert, in light colours, the same bytes every time."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import vl_convert

from taskscope.report import drawing
from taskscope.report.findings import Figure

SVG_LIMIT = 150_000
"""Drawing in bytes above which `smallest` looks for less: a 67 x 67 heat-map is 0.5 MB of SVG."""

_CLIP = re.compile(r'(id="|url\(#)(clip|gradient_?)(\d+)')


def svg(spec: dict[str, Any], name: str = "chart") -> str:
    """Draw `spec` as SVG.

    Vega numbers its clip paths from a counter that runs on from chart to chart; they are renumbered from 0
    under `name`, so that the text does not depend on what was drawn before and two charts can share a page.
    """
    text = drawing.drawn(json.dumps(spec))
    order: dict[str, int] = {}

    def renumber(match: re.Match[str]) -> str:
        lead, kind, number = match.groups()
        return f"{lead}{name}-{kind}{order.setdefault(kind + number, len(order))}"

    return _CLIP.sub(renumber, text)


def png(spec: dict[str, Any], scale: float = 2.0) -> bytes:
    """Draw `spec` as PNG on white, `scale` pixels per unit."""
    return vl_convert.vegalite_to_png(_on_white(spec), scale=scale)


def pdf(spec: dict[str, Any]) -> bytes:
    """Draw `spec` as PDF."""
    return vl_convert.vegalite_to_pdf(_on_white(spec))


def smallest(spec: dict[str, Any], name: str) -> str:
    """Draw `spec` for the page: as SVG, or as a PNG in a ``data:`` address where that is smaller by far."""
    drawing = svg(spec, name)
    if len(drawing) <= SVG_LIMIT:
        return drawing
    address = "data:image/png;base64," + base64.b64encode(png(spec, scale=1)).decode()
    return address if len(address) < len(drawing) else drawing


def write_figure(figure: Figure, folder: Path, formats: tuple[str, ...] = ("svg",)) -> list[Path]:
    """Write `figure` as ``<name>.<format>`` into `folder` and return the paths.

    Args:
        figure: The figure.
        folder: An existing folder.
        formats: Of ``svg``, ``pdf`` and ``png``.

    Raises:
        KeyError: For another format.
    """
    draw = {"svg": lambda spec: svg(_on_white(spec)).encode(), "pdf": pdf, "png": png}
    paths = []
    for form in formats:
        path = folder / f"{figure.name}.{form}"
        path.write_bytes(draw[form](figure.spec))
        paths.append(path)
    return paths


def _on_white(spec: dict[str, Any]) -> dict[str, Any]:
    return {**spec, "config": {**spec.get("config", {}), "background": "white"}}
