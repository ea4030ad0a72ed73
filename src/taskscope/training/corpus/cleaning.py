"""From the bytes of a source to documents of clean paragraphs, in order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from taskscope.errors import TaskError, nearest
from taskscope.training.corpus.sources import Layout

_START = re.compile(r"^.*\*\*\* ?START OF (?:THE|THIS) PROJECT GUTENBERG.*?\*\*\*.*$", re.M | re.I)
_END = re.compile(
    r"^.*(?:\*\*\* ?END OF (?:THE|THIS) PROJECT GUTENBERG|^End of (?:the )?Project Gutenberg).*$", re.M | re.I
)
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_ARTICLES = re.compile(r"\n[ \t]*\n[ \t]*\n+")
_QUOTES = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "‘": "'",
        "’": "'",
        "\u00a0": " ",
        "\u2009": " ",
        "…": "...",
    }
)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad\x00-\x08\x0b-\x1f\x7f]")
_SPACES = re.compile(r"[ \t\n]+")
_EMPTY_BRACKETS = re.compile(r" ?\(\s*[,;: \]\[]*\s*\)|\s*\[\s*\]")

_BEYOND_LATIN = "\u0250"
_SHORT = 12  # letters of a paragraph that may be all capitals

Keep = Callable[[str], bool]


def decode(raw: bytes) -> str:
    """Decode UTF-8 with or without a mark, bytes that are not replaced; line ends become one kind."""
    text = raw.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", text)


def strip_gutenberg(text: str) -> str:
    """Cut what stands around a Project Gutenberg book: header, footer and licence."""
    start = _START.search(text)
    text = text[start.end() :] if start else text
    end = _END.search(text)
    return text[: end.start()] if end else text


def documents(text: str, layout: Layout) -> Iterator[list[str]]:
    """Split a text into documents of paragraphs as they stand."""
    for part in _ARTICLES.split(text) if layout == "articles" else [text]:
        paragraphs = part.split("\n") if layout == "lines" else _BLANK_LINES.split(part)
        if any(map(str.strip, paragraphs)):
            yield paragraphs


def clean_paragraph(text: str) -> str:
    """Join lines, make quotes plain, take out invisible characters and empty brackets."""
    text = _INVISIBLE.sub("", text.translate(_QUOTES))
    return _SPACES.sub(" ", _EMPTY_BRACKETS.sub("", text)).strip()


def _is_prose(text: str) -> bool:
    """Whether most of a paragraph is Latin letters and it is not all capitals."""
    letters = sum(map(str.isalpha, text))
    if letters < 0.5 * len(text):
        return False
    if sum(map(str.isupper, text)) >= 0.5 * letters and letters >= _SHORT:
        return False
    return text.isascii() or sum(c.isalpha() and c >= _BEYOND_LATIN for c in text) <= 0.05 * letters


FILTERS: dict[str, Keep] = {
    "prose": _is_prose,
    "sentences": lambda text: text[-1] in ".!?\"'):;—" or len(text) >= 80,
    "complete": lambda text: not text.endswith(":"),
    "publisher": lambda text: "openstax" not in text.lower(),
    "gutenberg": lambda text: "gutenberg" not in text.lower() or "project" not in text.lower(),
}
"""What a paragraph must be to stay. prose: mostly Latin letters, not all capitals (contents lists, tables);
sentences: ends like a sentence (headings go); complete: does not announce a list that is not there;
publisher: not about the publisher; gutenberg: not about Project Gutenberg."""

ALWAYS = ("prose", "gutenberg")
"""Filters that every source passes."""


def get_filters(names: tuple[str, ...]) -> tuple[tuple[str, Keep], ...]:
    """Return the filters that every source passes and the named ones.

    Raises:
        TaskError: If there is no such filter.
    """
    for name in names:
        if name not in FILTERS:
            raise TaskError(f"no filter {name!r}", "one of " + ", ".join(FILTERS), nearest(name, FILTERS))
    return tuple((name, FILTERS[name]) for name in dict.fromkeys((*ALWAYS, *names)))
