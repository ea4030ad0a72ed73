"""Rules that look at one row's text: V1, V2, V4 as found by the reader, V5, V12, and V14 as to texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from taskscope.errors import nearest
from taskscope.tasks.choice_columns import KNOWN, Row
from taskscope.tasks.choice_validation.issues import Issue, at, prompts_of


class Readable:
    """V1, V2, V4 and missing columns: rows that are no item; and columns that are not known."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def see(self, row: Row) -> Iterator[Issue]:
        """Return what the reader found, and each unknown column once."""
        for problem in row.problems:
            yield at(row, problem.rule, "error", problem.message)
        for name in row.record.fields:
            if name not in KNOWN and name not in self._told:
                self._told.add(name)
                near = nearest(name, KNOWN)
                yield at(
                    row,
                    "columns",
                    "warning",
                    f"the column {name!r} is not read" + (f"; {near}" if near else ""),
                )

    def done(self) -> Iterator[Issue]:
        """Return nothing; the reader has no view of the whole."""
        yield from ()


class Spaces:
    """V5: a class begins with the space that parts it from its prompt, and the prompt does not end in one."""

    def see(self, row: Row) -> Iterator[Issue]:
        """Compare the end of each prompt with the start of each class."""
        if row.item is None:
            return
        word = "completion" if row.metric == "sequence" else "class"
        for text in row.item.classes:
            if not text[0].isspace():
                yield at(row, "V5", "warning", f"the {word} {text!r} has no space in front")
                continue
            for name, prompt in prompts_of(row.item, row.metric).items():
                if prompt[-1].isspace():
                    ends = f"the {name} ends in {prompt[-1]!r}"
                    yield at(row, "V5", "error", f"{ends} and the {word} {text!r} begins with a space too")

    def done(self) -> Iterator[Issue]:
        """Return nothing."""
        yield from ()


class LookAlikes:
    """V12: characters that look like others, are not seen, or differ between systems."""

    def see(self, row: Row) -> Iterator[Issue]:
        """Name the kinds of odd characters in a row's texts."""
        if row.item is None:
            return
        texts = {**prompts_of(row.item, row.metric), "classes": "\n".join(row.item.classes)}
        for name, text in texts.items():
            found = list(dict.fromkeys(odd_characters(text)))
            if found:
                more = f" and {len(found) - 3} more" if len(found) > 3 else ""
                yield at(row, "V12", "warning", f"the {name} holds {', '.join(found[:3])}{more}")

    def done(self) -> Iterator[Issue]:
        """Return nothing."""
        yield from ()


class TwoPrompts:
    """V14, its part without tokens: the two prompts of log-odds differ."""

    def see(self, row: Row) -> Iterator[Issue]:
        """Compare the prompts."""
        if row.item is not None and row.item.other_prompt and row.item.prompt == row.item.other_prompt:
            yield at(row, "V14", "error", "prompt and other_prompt are the same")

    def done(self) -> Iterator[Issue]:
        """Return nothing."""
        yield from ()


_FOREIGN = re.compile(r"[\u0370-\u03ff\u0400-\u04ff]")
_WORD = re.compile(r"[^\W\d_]+")


def odd_characters(text: str) -> Iterator[str]:
    """Name the tabs, carriage returns, hidden characters and look-alikes of ASCII in a text.

    A Greek or Cyrillic letter is one only inside a word with Latin letters.
    """
    if "\t" in text:
        yield "a tab"
    if "\r" in text:
        yield "a carriage return (CRLF)"
    if text.isascii():
        return
    for character in text:
        if character.isascii():
            continue
        if unicodedata.category(character) == "Cf":
            yield f"the hidden character U+{ord(character):04X}"
        elif unicodedata.normalize("NFKC", character).isascii():
            yield f"{character!r} (U+{ord(character):04X}), which looks like ASCII"
    for word in _WORD.findall(text):
        foreign = _FOREIGN.search(word)
        if foreign and re.search(r"[A-Za-z]", word):
            yield f"{word!r}, which mixes {unicodedata.name(foreign[0]).split()[0].title()} and Latin letters"
