"""How pairs of skills are asked for: `abaisser (english) = lower`, `abaisser (english, past) =`."""

from __future__ import annotations

from collections.abc import Sequence

from taskscope.errors import StudyError
from taskscope.tasks.nested.names import Line, steps

DEFAULT = (
    "to-upper(next-letter)",
    "to-upper(list-first)",
    "to-upper(first-letter)",
    "next-letter(list-first)",
    "next-letter(to-lower)",
    "first-letter(country-capital)",
    "present-gerund(fr-en)",
    "present-past(fr-en)",
    "antonyms(fr-en)",
    "present-gerund(antonyms)",
    "en-fr(plural-singular)",
    "capitalise(plural-singular)",
)
"""Pairs of letters, lists, languages, grammar and knowledge, the skill that is used last in front."""

TAUGHT = ("to-upper(next-letter)", "to-upper(list-first)")
"""Pairs that the built-in models' training texts show under a name of their own: they are measured, and do
not count as skills that were never seen together."""

TITLES = {
    "next-letter": "next letter",
    "prev-letter": "letter before",
    "list-first": "first",
    "list-last": "last",
    "to-upper": "upper case",
    "to-lower": "lower case",
    "en-fr": "french",
    "en-es": "spanish",
    "fr-en": "english",
    "es-en": "english",
    "present-gerund": "gerund",
    "present-past": "past",
    "plural-singular": "singular",
    "antonyms": "opposite",
    "country-capital": "capital",
    "person-language": "language",
    "location-continent": "continent",
    "person-religion": "religion",
    "copy": "copy",
    "capitalise": "capital letter",
    "first-letter": "first letter",
    "last-letter": "last letter",
}
"""All built-in tasks in words that follow an input in brackets."""


def skills(pair: str) -> tuple[str, str]:
    """Take a pair apart into its tasks, the one that is used first in front.

    Raises:
        StudyError: If it is no pair of two built-in tasks with different titles.
    """
    tasks = steps(pair)
    if len(tasks) != 2 or TITLES[tasks[0]] == TITLES[tasks[-1]]:
        raise StudyError(f"pair {pair!r}", "two tasks that are asked for in different words")
    return tasks[0], tasks[1]


def write(tasks: Sequence[str], word: str) -> str:
    """Write an input with what is to be done: `abaisser (english, past)`, the first skill in front."""
    return f"{word} ({', '.join(TITLES[task] for task in tasks)})"


def prompt(demonstrations: Sequence[Line], asked: str) -> str:
    """Write lines `input (skill) = answer`, and an input that waits for its answer."""
    return "".join(f"{one} ={answer(word)}" for one, word in demonstrations) + f"{asked} ="


def answer(word: str) -> str:
    """Write an answer as it follows an input; the line end belongs to it."""
    return f" {word}\n"
