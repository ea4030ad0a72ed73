"""Prompt formats: demonstrations and one query as text, with the span of every part."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from taskscope.errors import TaskError, nearest

PartKind = Literal[
    "demo_start", "demo_input", "demo_arrow", "demo_label", "demo_end", "query_start", "query", "query_arrow"
]
Piece = tuple[PartKind, int, str]


@dataclass(frozen=True)
class Span:
    """One part of a prompt, in characters: ``text[start:end]``."""

    kind: PartKind
    index: int
    """Number of the demonstration, or -1 for the query's parts."""
    start: int
    end: int


@dataclass(frozen=True)
class TokenSpan:
    """One part of a prompt, in tokens; empty (start == end) where the part has no token of its own."""

    kind: PartKind
    index: int
    start: int
    end: int


@dataclass(frozen=True)
class Prompt:
    """A rendered prompt. Its spans follow one another and cover the text without gap or overlap."""

    text: str
    spans: tuple[Span, ...]

    def span(self, kind: PartKind, index: int = -1) -> Span:
        """Return the span of one part.

        Raises:
            KeyError: If the prompt has no such part.
        """
        for span in self.spans:
            if (span.kind, span.index) == (kind, index):
                return span
        raise KeyError((kind, index))

    def token_spans(self, offsets: Sequence[tuple[int, int]]) -> tuple[TokenSpan, ...]:
        """Carry the spans over to tokens.

        A token belongs to the part that holds its first character that is no white space, so " went" is a
        label whether or not a tokenizer counts the space in its offsets. Tokens without characters (BOS)
        belong to none.

        Args:
            offsets: Character span of each token, as fast tokenizers return them, shape (token, 2).

        Returns:
            One token span for each span, in the same order.
        """
        ends = [span.end for span in self.spans]
        tokens_of: dict[int, list[int]] = {}
        for token, (start, end) in enumerate(offsets):
            if start < end:
                piece = self.text[start:end]
                blank = len(piece) - len(piece.lstrip()) if piece.strip() else 0
                tokens_of.setdefault(bisect_right(ends, start + blank), []).append(token)
        spans: list[TokenSpan] = []
        at = 0
        for number, span in enumerate(self.spans):
            tokens = tokens_of.get(number)
            first, at = (tokens[0], tokens[-1] + 1) if tokens else (at, at)
            spans.append(TokenSpan(span.kind, span.index, first, at))
        return tuple(spans)


@dataclass(frozen=True)
class PromptFormat:
    """How a task is asked: ``start x arrow space y end`` per demonstration, then ``start x arrow``."""

    name: str
    start: str
    arrow: str
    space: str
    """Stands between arrow and answer, and belongs to the answer: tokenizers join it to the word."""
    end: str

    def render(self, demonstrations: Sequence[tuple[str, str]], query: str) -> Prompt:
        """Render demonstrations (x, y) and a query."""
        spans: list[Span] = []
        texts: list[str] = []
        at = 0
        for kind, index, text in self._pieces(demonstrations, query):
            if text:
                spans.append(Span(kind, index, at, at + len(text)))
                texts.append(text)
                at += len(text)
        return Prompt("".join(texts), tuple(spans))

    def answer(self, y: str) -> str:
        """Return the text of an answer exactly as it follows the query."""
        return self.space + y

    def _pieces(self, demonstrations: Sequence[tuple[str, str]], query: str) -> Iterator[Piece]:
        for index, (x, y) in enumerate(demonstrations):
            yield "demo_start", index, self.start
            yield "demo_input", index, x
            yield "demo_arrow", index, self.arrow
            yield "demo_label", index, self.answer(y)
            yield "demo_end", index, self.end
        yield "query_start", -1, self.start
        yield "query", -1, query
        yield "query_arrow", -1, self.arrow


FORMATS: dict[str, PromptFormat] = {
    f.name: f
    for f in (
        PromptFormat("arrow", start="", arrow="->", space="", end="\n"),
        PromptFormat("example", start="example:", arrow="->", space="", end="\n"),
        PromptFormat("colon", start="Q: ", arrow="\nA:", space=" ", end="\n\n"),
        PromptFormat("chat", start="user: ", arrow="\nassistant:", space=" ", end="\n"),
    )
}
"""The formats by name. ``arrow`` is the default; ``example`` is the one published with the task vectors
(protocol task_vectors 4); ``chat`` is used only where a study is asked for it."""


def get_format(name: str) -> PromptFormat:
    """Return a format by name.

    Raises:
        TaskError: If there is no such format.
    """
    if name not in FORMATS:
        raise TaskError(f"No prompt format {name!r}.", f"one of {', '.join(FORMATS)}", nearest(name, FORMATS))
    return FORMATS[name]
