"""A few plain paragraphs of our own: natural text that is always there, with nothing to download."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "plain"
"""A folder of sources of plain text, as a corpus is made of; `SOURCE` is the only one."""
SOURCE = "paragraphs"


@cache
def paragraphs() -> tuple[tuple[str, ...], ...]:
    """Return every text as its paragraphs, the texts in the order of their names."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((FOLDER / SOURCE).glob("*.txt"))]
    return tuple(tuple(part.strip() for part in text.split("\n\n") if part.strip()) for text in texts)
