"""How a line of a list is written in training.

None of the formats in which tasks are asked later (`taskscope.tasks.prompts.FORMATS`) is among them: those
are kept apart so that a prompt shows learning from demonstrations, not a remembered frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.tasks.prompts import FORMATS, PromptFormat
from taskscope.training.documents.pseudowords import pseudowords

Pair = tuple[str, str]


@dataclass(frozen=True)
class LineFormat:
    """One line: ``start x middle y end``."""

    start: str
    middle: str
    end: str

    def write(self, pair: Pair) -> str:
        """Write one line with its end."""
        return f"{self.start}{pair[0]}{self.middle}{pair[1]}{self.end}"


FIXED: tuple[LineFormat, ...] = (
    *(
        LineFormat("", middle, "\n")
        for middle in (
            *(
                " -> ",
                " => ",
                "=>",
                ": ",
                ":",
                " : ",
                " = ",
                "=",
                " - ",
                " | ",
                "\t",
                ", ",
                " → ",
                "→",
                " ~ ",
            ),
            *(
                "/",
                " / ",
                "; ",
                " :: ",
                " becomes ",
                " gives ",
                " to ",
                " . . . ",
                " . . . . . . ",
                " -- ",
                " > ",
            ),
        )
    ),
    LineFormat("", ", ", "; "),
    LineFormat("", " = ", ", "),
    LineFormat("", " is ", ". "),
    LineFormat("- ", ": ", "\n"),
    LineFormat("* ", " - ", "\n"),
    LineFormat('"', '" becomes "', '"\n'),
    LineFormat('"', '": "', '",\n'),
    LineFormat("(", ", ", ")\n"),
    LineFormat("[", "] ", "\n"),
    LineFormat("Input: ", "\nOutput: ", "\n\n"),
    LineFormat("in: ", " out: ", "\n"),
    LineFormat("", "\n", "\n\n"),
    LineFormat("Given ", ", answer ", ".\n"),
    LineFormat("| ", " | ", " |\n"),
)
"""Frames with a shape that people use."""

ARROW = LineFormat("", "->", "\n")
"""The default format of the studies; used only where a mixture asks for a share of it."""

_MARKS = ("-", "=", ">", "<", ":", "~", "+", "*", "#", "%", "&", "@", "!", "?", "/", ";", "^", "$", "_", ".")
_KEPT_APART = tuple(f.arrow for f in FORMATS.values())


def draw(rng: np.random.Generator, arrow: float = 0.0) -> LineFormat:
    """Draw a format: a fixed frame, or in three of ten cases a separator of random marks.

    Args:
        rng: Source of randomness.
        arrow: Share of lists in the studies' default format.
    """
    kind = rng.random()
    if kind < arrow:
        return ARROW
    if rng.random() < 0.7:
        return FIXED[rng.integers(len(FIXED))]
    while True:
        middle = "".join(_MARKS[i] for i in rng.integers(len(_MARKS), size=rng.integers(1, 4)))
        space = ("", " ")[rng.integers(2)]
        if middle.startswith("->") or middle in _KEPT_APART:
            continue
        return LineFormat("", space + middle + space, "\n")


_CUES = (
    *("word", "item", "line", "entry", "term", "x", "in", "out", "given", "first", "then", "say"),
    *("one", "two", "left", "here", "there", "from", "into", "reply"),
)
"""Real words that may stand before an input or an answer; no two of them are a fact of a task."""

_NEVER_CUES = frozenset(
    text.strip().rstrip(":->") for f in FORMATS.values() for text in (f.start, f.arrow) if text.strip("->")
)
"""The cues of the formats in which the studies ask."""


def draw_cued(rng: np.random.Generator) -> LineFormat:
    """Draw a frame with a word before the input, before the answer, or before both, mostly a new one.

    Such a frame is hardly ever met twice: what it is has to be read off the lines themselves.
    """
    start = end = ""
    while not start + end:
        start, end = (_cue(rng) if rng.random() < 0.6 else "" for _ in range(2))
    breaks = ("\n", " ", ", ", " | ")
    middle = breaks[rng.integers(len(breaks))] + end if end else _unpaired(rng).middle
    return LineFormat(start, middle, ("\n", "\n\n")[rng.integers(2)])


def _unpaired(rng: np.random.Generator) -> LineFormat:
    """Draw a frame of which the middle can stand alone: not between quotes or brackets."""
    while (form := draw(rng)).start:
        pass
    return form


def _cue(rng: np.random.Generator) -> str:
    while True:
        known = rng.random() < 0.4
        word = _CUES[rng.integers(len(_CUES))] if known else pseudowords(1, rng)[0]
        cased = (word, word, word.capitalize(), word[0].upper())[rng.integers(4)]
        if cased not in _NEVER_CUES:
            break
    return cased + (":", ": ", " ", "=", " - ", "> ", ". ")[rng.integers(7)]


def is_trained_on(form: PromptFormat, arrow: float) -> bool:
    """Whether a list may be written in a prompt format, given the share of lists in the default one.

    Frames of `draw_cued` never are: no cue is that of a prompt format.
    """
    frames = {(frame.start, frame.middle) for frame in (*FIXED, *((ARROW,) if arrow else ()))}
    return (form.start, form.arrow + form.space) in frames
