"""Charts as files: SVG, PDF and PNG through vl-convert, in light colours, the same bytes every time."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import vl_convert

from taskscope.report.findings import Figure

SVG_LIMIT = 150_000
"""Largest drawing in bytes that stays SVG on the page: a 67 x 67 heat-map is 1.1 MB, its PNG far less."""

_CLIP = re.compile(r'(id="|url\(#)(clip|gradient_?)(\d+)')


def svg(spec: dict[str, Any], name: str = "chart") -> str:
    """Draw `spec` as SVG.

    Vega numbers its clip paths from a counter that runs on from chart to chart; they are renumbered from 0
    under `name`, so that the text does not depend on what was drawn before and two charts can share a page.
    """
    text = vl_convert.vegalite_to_svg(spec)
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


def png_uri(spec: dict[str, Any]) -> str:
    """Draw `spec` as a PNG inside a ``data:`` address."""
    return "data:image/png;base64," + base64.b64encode(png(spec)).decode()


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
