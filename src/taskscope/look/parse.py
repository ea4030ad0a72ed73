"""From the text of a prompt back to its demonstrations and query: the inverse of rendering."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from taskscope.errors import TaskError
from taskscope.tasks.prompts import FORMATS, Prompt, PromptFormat

SPECIFIC_FIRST = ("example", "colon", "chat", "arrow")
"""Every text in the format ``example`` reads as ``arrow`` too, with longer inputs."""


@dataclass(frozen=True)
class Reading:
    """A prompt taken apart."""

    format: PromptFormat
    demonstrations: tuple[tuple[str, str], ...]
    query: str

    @property
    def prompt(self) -> Prompt:
        """The whole prompt with the span of every part; its text is the text that was read."""
        return self.format.render(self.demonstrations, self.query)

    @property
    def bare(self) -> str:
        """The query without demonstrations."""
        return self.format.render((), self.query).text

    def after(self, n: int) -> str:
        """Return the prompt up to the arrow of demonstration n: n demonstrations, then that one's input."""
        return self.format.render(self.demonstrations[:n], self.demonstrations[n][0]).text


def parse(text: str, arrow: str | None = None, between: str | None = None) -> Reading:
    """Recognise demonstrations and query.

    White space at the end of the text is left out: an answer would not follow it.

    Args:
        text: The prompt.
        arrow: What stands between input and label, where no built-in format fits; ``->`` if left out.
        between: What stands between demonstrations; a line break if left out.

    Raises:
        TaskError: If the text is empty, or does not end in a query that waits for its label; or if the arrow
            is nothing but white space, or nothing stands between demonstrations.
    """
    _check_marks(arrow, between)
    text = text.rstrip()
    if not text.strip():
        raise TaskError(
            "an empty prompt",
            "demonstrations and a query, such as 'apple->red\\nlime->green\\ncorn->'",
            "put the prompt in quotes, or give it with --file",
        )
    for asked in _candidates(arrow, between):
        found = parse_as(text, asked)
        if found is not None:
            return found
    raise _not_recognised(text, arrow, between)


def _check_marks(arrow: str | None, between: str | None) -> None:
    """Refuse marks that separate nothing: an empty text is not the same as none that was given."""
    if arrow is not None and not arrow.strip():
        raise TaskError(
            f"the arrow {arrow!r}, which is {'empty' if not arrow else 'nothing but white space'}",
            "text that can be seen between an input and its label, and at the end of the prompt",
            "--arrow '=>', or no --arrow where a built-in form fits",
        )
    if between == "":
        raise TaskError(
            "the text '' between demonstrations, which is empty",
            r"what stands between them, such as ', ' or \n for a line break",
            "--between ', ', or no --between where each demonstration has a line of its own",
        )


def parse_as(text: str, asked: PromptFormat) -> Reading | None:
    """Read a text as one plain format; None where rendering what was read would not give the text back."""
    if not text.startswith(asked.start):
        return None
    *shown, last = text.removeprefix(asked.start).split(asked.end + asked.start)
    pairs = []
    for piece in shown:
        x, found, y = piece.partition(asked.arrow + asked.space)
        if not found:
            return None
        pairs.append((x, y))
    if not last.endswith(asked.arrow):
        return None
    query = last.removesuffix(asked.arrow)
    parts = [query, *(part for pair in pairs for part in pair)]
    if any(not part or part != part.strip() for part in parts) or asked.arrow in query:
        return None
    reading = Reading(asked, tuple(pairs), query)
    return reading if reading.prompt.text == text else None


def _candidates(arrow: str | None, between: str | None) -> Iterator[PromptFormat]:
    """Built-in formats, the most specific first; and arrows with spaces around them, as people write them."""
    if arrow is None and between is None:
        yield from (FORMATS[name] for name in SPECIFIC_FIRST)
    yield from _spaced(_mark(arrow), FORMATS["arrow"].end if between is None else between)


def _mark(arrow: str | None) -> str:
    return FORMATS["arrow"].arrow if arrow is None else arrow.strip()


def _spaced(arrow: str, end: str) -> Iterator[PromptFormat]:
    for before in ("", " "):
        for after in ("", " "):
            yield PromptFormat(f"arrow {arrow!r}", start="", arrow=before + arrow, space=after, end=end)


def _not_recognised(text: str, arrow: str | None, between: str | None) -> TaskError:
    """Say why: no arrow at all, a label behind the last arrow, or parts that are not written alike."""
    ending, mark = text.rpartition(between or "\n")[2], _mark(arrow)
    quoted = repr(ending[-60:])
    if mark in ending and not ending.endswith(mark):
        x = ending.partition(mark)[0]
        return TaskError(
            f"the prompt ends with {quoted}, which has its label already: no query is left",
            f"a last line that stops after its arrow, such as {x + mark!r}",
            "take the last label away",
        )
    if arrow is not None and mark not in text:
        return TaskError(
            f"no query was recognised in the prompt, in which {mark!r} does not stand; it ends with {quoted}",
            f"{mark!r} between each input and its label, and at the end of the prompt",
            "give --arrow the text that stands there, or leave it out where a built-in form fits",
        )
    if mark in text:
        return TaskError(
            f"no query was recognised in the prompt; it ends with {quoted}",
            f"every part written alike (the same spaces around {mark!r}), each demonstration on a line of "
            "its own, and the query last, without a label",
            "--between ', ' if something else than a line break stands between demonstrations",
        )
    return TaskError(
        f"no query was recognised in the prompt; it ends with {quoted}",
        "demonstrations and a query in one of the forms 'x->y', 'example:x->y', 'Q: x / A: y' or "
        "'user: x / assistant: y', the query last and without a label",
        "--arrow '=>' to say what stands between an input and its label",
    )
