"""Charts drawn as Vega draws them, each once."""

from __future__ import annotations

import json
from functools import lru_cache

import vl_convert

from taskscope.report.beside import apart

_DOT = json.dumps({"data": {"values": [{}]}, "mark": "point"})


@lru_cache(maxsize=32)
def drawn(spec: str) -> str:
    """Draw a specification (JSON) as SVG; remembered, since a page shows what the folder holds as files."""
    return apart(_draw, spec)


def get_ready() -> None:
    """Draw a dot: a process's first chart takes half a second, and lets no other thread run meanwhile."""
    _draw(_DOT)


def _draw(spec: str) -> str:
    """Draw as Vega does.

    The specification is given as an object: vl-convert reads the last digit of some numbers otherwise in a
    text.
    """
    return vl_convert.vegalite_to_svg(json.loads(spec))
