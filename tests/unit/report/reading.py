"""Reading a page as a browser would: its elements, their attributes, their text."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Any

from taskscope.report import vega

EMPTY = {"meta", "br", "img", "link", "input", "wbr", "hr"}


@dataclass
class Element:
    """One element, its text with that of its children, and where it stands."""

    tag: str
    attributes: dict[str, str]
    parents: tuple[str, ...]
    said: list[str] = field(default_factory=list)

    @cached_property
    def text(self) -> str:
        return "".join(self.said)

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())


class Page(HTMLParser):
    """All elements of a page in order; the charting library, which is not ours to check, is left out."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html.replace(vega.bundle(), ""))
        self.close()
        assert not self._open, f"not closed: {[e.tag for e in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {k: v or "" for k, v in attrs}, tuple(e.tag for e in self._open))
        self.elements.append(element)
        if tag not in EMPTY:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in EMPTY:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.said.append(data)

    def all(self, *tags: str) -> list[Element]:
        """Elements with one of these tags."""
        return [e for e in self.elements if e.tag in tags]

    def with_class(self, name: str) -> list[Element]:
        """Elements of a class."""
        return [e for e in self.elements if name in e.classes]

    @property
    def figures(self) -> dict[str, Any]:
        """The specifications in the page, by id."""
        return json.loads(next(e for e in self.elements if e.attributes.get("id") == "specs").text)["figures"]
