"""Which tokens of a tokenizer stand for which words, decided before any state is read.

A word can be read only where a token stands for it and for no other word of the lists. Counted are the first
tokens of the word as it may be written: with and without a space in front, small or capitalised. A token is
*eligible* if it is the whole word or at least `FEWEST_LETTERS` letters of it, and begins no other word, be it
a description or an answer of any task.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from taskscope.tasks import registry
from taskscope.tasks.descriptions import descriptions, output_words

FEWEST_LETTERS = 3


@dataclass(frozen=True)
class Lexicon:
    """The words that can be read with one tokenizer, and their tokens."""

    words: tuple[str, ...]
    """Description words with an eligible token, sorted."""
    tokens: tuple[tuple[int, ...], ...]
    """Eligible tokens of each word."""
    tasks: tuple[str, ...]
    """Tasks whose outputs are read, sorted."""
    outputs: tuple[tuple[int, ...], ...]
    """First tokens of each task's output words; none of them is a description's."""


@cache
def _answers() -> tuple[str, ...]:
    """Every answer of every built-in task."""
    tasks = map(registry.get, registry.names())
    return tuple(sorted({answer for task in tasks for item in task.items for answer in item.answers}))


@cache
def puts_out(task: str) -> frozenset[str]:
    """Return the answers of a built-in task, case-folded; none for a task of a user's own."""
    if task not in descriptions():
        return frozenset()
    return frozenset(answer.casefold() for item in registry.get(task).items for answer in item.answers)


def _forms(word: str) -> tuple[str, ...]:
    written = dict.fromkeys((word, word[0].upper() + word[1:]))
    return tuple(space + form for form in written for space in ("", " "))


def _first_tokens(tokenizer: Any, texts: Sequence[str]) -> list[int | None]:
    found = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
    return [ids[0] if ids else None for ids in found]


@lru_cache(maxsize=8)
def lexicon(tokenizer: Any) -> Lexicon:
    """Find the eligible tokens of every description word, and the tokens of every task's output words."""
    words = sorted({word for some in descriptions().values() for word in some})
    begins: dict[int, set[str]] = {}
    forms = [(word, form) for word in words for form in _forms(word)]
    starts = _first_tokens(tokenizer, [form for _, form in forms])
    answers = [(answer, space + answer) for answer in _answers() for space in ("", " ")]
    answer_starts = _first_tokens(tokenizer, [text for _, text in answers])
    for (word, _), token in (*zip(forms, starts, strict=True), *zip(answers, answer_starts, strict=True)):
        if token is not None:
            begins.setdefault(token, set()).add(word.casefold())
    eligible: dict[str, dict[int, None]] = {}
    for (word, _), token in zip(forms, starts, strict=True):
        if token is not None and begins[token] == {word.casefold()} and _tells(tokenizer, token, word):
            eligible.setdefault(word, {})[token] = None
    tasks = sorted(descriptions())
    taken = {token for tokens in eligible.values() for token in tokens}
    return Lexicon(
        words=tuple(eligible),
        tokens=tuple(tuple(tokens) for tokens in eligible.values()),
        tasks=tuple(tasks),
        outputs=tuple(_output_tokens(tokenizer, task, taken) for task in tasks),
    )


def _tells(tokenizer: Any, token: int, word: str) -> bool:
    piece = tokenizer.decode([token]).strip().casefold()
    return word.casefold().startswith(piece) and (piece == word.casefold() or len(piece) >= FEWEST_LETTERS)


def _output_tokens(tokenizer: Any, task: str, taken: Iterable[int]) -> tuple[int, ...]:
    texts = [space + word for word in output_words(registry.get(task)) for space in ("", " ")]
    found = [token for token in _first_tokens(tokenizer, texts) if token is not None]
    blank = {token for token in found if not tokenizer.decode([token]).strip()}
    return tuple(dict.fromkeys(token for token in found if token not in blank | set(taken)))
