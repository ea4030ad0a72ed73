"""A page of panels about one thing: a heading, a few facts, and panels that each start with one sentence.

Plain data, like `document`; `page.panels_html` turns it into HTML.
"""

from __future__ import annotations

from taskscope.report.document import Provenance
from taskscope.report.findings import Figure, Frozen, Table


class Fact(Frozen):
    """A number or word that stands large, with what it is compared to below."""

    name: str
    value: str
    note: str = ""


class Cell(Frozen):
    """One cell of a grid."""

    text: str
    share: float | None = None
    """0 to 1: printed beside the text and shaded behind it."""
    strong: bool = False


class Grid(Frozen):
    """A small table that is always open, its cells shaded by their shares."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    quiet: int = 0
    """Rows at the end that are controls."""


class StripToken(Frozen):
    """One token of a strip."""

    text: str
    part: str = "other"
    """Names its colour: input, arrow, label, query or other."""
    breaks: bool = False
    """Whether a line ends after it."""


class Shading(Frozen):
    """One way to shade the tokens of a strip."""

    name: str
    group: str
    """Heading under which it can be chosen."""
    weights: tuple[float, ...]
    """One per token, 0 to 1."""


class Strip(Frozen):
    """A text as tokens, each with a bar as tall as its weight; the reader chooses the weights."""

    title: str
    tokens: tuple[StripToken, ...]
    shadings: tuple[Shading, ...] = ()
    """The first is shown before any choice; without any the strip shows the text alone."""


class Panel(Frozen):
    """One thing to see."""

    name: str
    """Short, for its address: ``"theta"``."""
    title: str
    sentence: str
    """What a newcomer must know to read it."""
    verdict: str = ""
    """What came out, in a few words, where there is such a thing."""
    figures: tuple[Figure, ...] = ()
    strips: tuple[Strip, ...] = ()
    grids: tuple[Grid, ...] = ()
    tables: tuple[Table, ...] = ()
    gaps: tuple[str, ...] = ()
    """What could not be shown and why."""


class PanelPage(Frozen):
    """The page."""

    title: str
    mark: str
    """The command, for the bar on top: ``"taskscope look"``."""
    heading: str
    lead: str
    facts: tuple[Fact, ...]
    opening: Strip | None = None
    """The text that the page is about, where it is about one."""
    panels: tuple[Panel, ...]
    command: str
    provenance: Provenance
