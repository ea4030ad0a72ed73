"""A text that meets several skills at once: the proof that a combination can be met.

The texts make little sense; rules cannot tell. No word has the letter that one skill forbids.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from taskscope.tasks.text_skills.checks import words
from taskscope.tasks.text_skills.skills import FEWEST_WORDS, LEAST_WORDS, SKILLS

_PIECES = {
    "simile": "as big as rocks",
    "quoted speech": '"go on"',
    "colour": "pink",
    "past tense": "ran",
    "number": "six",
    "alliteration": "big bad bats",
    "palindrome": "noon",
    "series": "jam, ham and figs",
    "brackets": "(but why)",
    "semicolon": "calm; so",
    "weekday": "Monday",
    "year": "1984",
    "doubled word": "far far",
}
_OPENERS: tuple[str, ...] = ("So", "Up", "Now")
"""Their first letters are the acrostic's."""
_RHYMES = ("night", "light")
_FILLER = ("with", "all", "of", "us", "in", "our", "own", "old", "town", "again")


def compose(names: Collection[str]) -> str | None:
    """Write a text that meets skills; None where it does not, as for two that contradict each other.

    Args:
        names: Skills of `SKILLS`.
    """
    asked = set(names)
    clauses = _clauses(asked)
    n_lines = 3 if asked & {"acrostic", "numbered list"} else 2 if "rhyme" in asked else 1
    while (n := len(words(" ".join(clauses)))) < (LEAST_WORDS if "long" in asked else FEWEST_WORDS):
        clauses[0] += f" {_FILLER[n % len(_FILLER)]}"
    if "rhyme" in asked:
        ends = (n_lines - 2, len(clauses) - 1)
        for place, word in zip(ends, _RHYMES, strict=True):
            clauses[place] += f" {word}"
    stops = _stops(asked, len(clauses))
    lines = [""] * n_lines
    for number, (clause, stop) in enumerate(zip(clauses, stops, strict=True)):
        at = min(number, n_lines - 1)
        lines[at] = f"{lines[at]} {clause}{stop}".strip()
    if "numbered list" in asked:
        lines = [f"{number}. {line}" for number, line in enumerate(lines, start=1)]
    text = json.dumps({"a": lines[0]}) if "JSON" in asked else "\n".join(lines)
    text = text.upper() if "capitals" in asked else text.lower() if "lower case" in asked else text
    return text if all(SKILLS[name].met(text) for name in asked) else None


def _clauses(asked: set[str]) -> list[str]:
    """Share the pieces out to as many clauses as lines and sentences need."""
    if asked & {"acrostic", "numbered list", "three sentences"}:
        n = 3
    elif asked & {"two sentences", "rhyme"} or asked >= {"question", "exclamation"}:
        n = 2
    else:
        n = 1
    clauses = list(_OPENERS[:n])
    if "first word" in asked:
        clauses[0] = "Today"
    for place, piece in enumerate(piece for name, piece in _PIECES.items() if name in asked):
        clauses[place % n] += f" {piece}"
    return clauses


def _stops(asked: set[str], n: int) -> list[str]:
    """End the clauses; a line may go on in the next where there are fewer sentences than lines."""
    n_sentences = 3 if "three sentences" in asked else 2 if "two sentences" in asked else n
    stops = [""] * (n - n_sentences) + ["."] * n_sentences
    if "question" in asked:
        stops[-2 if "exclamation" in asked else -1] = "?"
    if "exclamation" in asked:
        stops[-1] = "!"
    return stops
