"""How nested calls are named: `to-upper(next-letter)` to a user, `(upper (next "a"))` to a model."""

from __future__ import annotations

from collections.abc import Sequence

from taskscope.errors import TaskError, nearest
from taskscope.tasks import registry

DEFAULT = (
    "to-upper(next-letter)",
    "next-letter(list-first)",
    "to-upper(list-last)",
    "first-letter(country-capital)",
    "capitalise(plural-singular)",
    "en-fr(antonyms)",
    "present-past(es-en)",
    "antonyms(fr-en)",
    "to-upper(next-letter(list-first))",
    "to-lower(first-letter(country-capital))",
    "capitalise(present-past(fr-en))",
    "en-fr(antonyms(es-en))",
)
"""Eight compositions of two tasks and four of three: of letters, lists, languages, grammar and knowledge."""

FUNCTIONS = {
    "next-letter": "next",
    "prev-letter": "previous",
    "list-first": "first",
    "list-last": "last",
    "to-upper": "upper",
    "to-lower": "lower",
    "en-fr": "french",
    "en-es": "spanish",
    "fr-en": "from-french",
    "es-en": "from-spanish",
    "present-gerund": "gerund",
    "present-past": "past",
    "plural-singular": "singular",
    "antonyms": "opposite",
    "country-capital": "capital",
    "person-language": "language",
    "location-continent": "continent",
    "person-religion": "religion",
    "copy": "same",
    "capitalise": "capitalise",
    "first-letter": "first-letter",
    "last-letter": "last-letter",
}
"""All built-in tasks by names that say in plain words what they do."""

Line = tuple[str, str]
"""A call as a model reads it, and its answer."""


def steps(name: str) -> tuple[str, ...]:
    """Take `to-upper(next-letter)` apart into its tasks, the innermost first.

    Raises:
        TaskError: If it is no nest of two or more built-in tasks.
    """
    outer = name.rstrip(")").split("(")
    if len(outer) < 2 or name != nest(outer[::-1]):
        raise TaskError(f"nested {name!r}", "tasks around one another, such as to-upper(next-letter)")
    for task in outer:
        if task not in registry.names():
            known = registry.names()
            raise TaskError(f"task {task!r} in {name!r}", "the name of a built-in task", nearest(task, known))
    return tuple(reversed(outer))


def nest(tasks: Sequence[str]) -> str:
    """Put the names of tasks around one another, the innermost first; undoes `steps`."""
    inner, *others = tasks
    for task in others:
        inner = f"{task}({inner})"
    return inner


def call(tasks: Sequence[str], word: str) -> str:
    """Write a call as a model reads it: `(upper (next "a"))`, the innermost task first."""
    text = f'"{word}"'
    for task in tasks:
        text = f"({FUNCTIONS[task]} {text})"
    return text


def prompt(demonstrations: Sequence[Line], asked: str) -> str:
    """Write lines `call = answer`, and a call that waits for its answer."""
    return "".join(f"{one} ={answer(word)}" for one, word in demonstrations) + f"{asked} ="


def answer(word: str) -> str:
    """Write an answer as it follows a call. The line end belongs to it: `be` is no answer where `bear` is."""
    return f" {word}\n"
