"""Functions of whole sentences in English and Japanese: negate, put in the past, make polite, cheer up.

A sentence says what its verb and its words are, so an answer can be checked by rule: it must keep them, have
the form that was asked for and no other. Negation and tense are forms of the verb, and politeness is one in
Japanese. Politeness in English and cheerfulness have no form of their own; there a word of a list must be
there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from taskscope.runs.cell import TaskRef, canonical_json

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = ("en", "ja")
FUNCTIONS = ("negate", "past", "polite", "cheer")
NESTS: tuple[tuple[str, ...], ...] = (
    ("past", "negate"),
    ("negate", "polite"),
    ("past", "polite"),
    ("negate", "cheer"),
    ("past", "negate", "polite"),
    ("past", "negate", "cheer"),
)
"""Functions that are asked for together, in the order in which they are named."""

_FOLDER = resources.files("taskscope.tasks") / "data" / "sentences"
_OTHER = re.compile(
    r"\b(?:(?:will|would|have|has|had|can|could|may|might|must|shall|should)(?:n['\u2019]t)?|cannot"
    r"|(?:wo|sha)n['\u2019]t|(?:i|we|you|they)['\u2019](?:ll|ve|d))\b"
)
"""Auxiliaries of tenses and moods that nobody asks for."""
_NOT = re.compile(r"\bnot\b|n't\b|n\u2019t\b|\bnever\b", re.IGNORECASE)


@dataclass(frozen=True)
class Sentence:
    """A sentence in the present, without politeness or mood."""

    language: Language
    subject: str
    verb: tuple[str, ...]
    """English: base, past and object. Japanese: object and the eight forms of the verb."""

    def form(self, asked: Collection[str]) -> str:
        """Return the sentence as the functions leave it, in the wording in which demonstrations show it.

        Args:
            asked: Some of `FUNCTIONS`.
        """
        text = _english(self, asked) if self.language == "en" else _japanese(self, asked)
        shown = document(self.language)["shown"]
        if self.language == "ja":
            verb = self.verb[_japanese_form(asked)]
            return text.replace(verb, shown["cheer"].format(verb)) if "cheer" in asked else text
        plain = text[:-1]
        if "cheer" in asked:
            plain = shown["cheer"].format(_lowered(plain))[:-1]
        if "polite" in asked:
            return shown["polite"].format(plain)
        return plain + "."

    def is_answer(self, text: str, asked: Collection[str]) -> bool:
        """Check an answer by rule: what was asked for is there, nothing else was done, the words are kept.

        Args:
            text: What a model says; its first line counts.
            asked: Some of `FUNCTIONS`.
        """
        lines = text.strip().splitlines()
        said = lines[0].strip() if lines else ""
        marks = document(self.language)["marks"]
        found = said.lower()
        for function, words in marks.items():
            if any(_holds(found, word, self.language) for word in words) != (function in asked):
                return False
        if self.language == "ja":
            return _is_japanese(self, said, asked)
        return _is_english(self, found, asked)


@cache
def document(language: Language) -> Any:
    """Read the words of a language; the result is shared and must not be changed."""
    return json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))


def ref(language: Language) -> TaskRef:
    """Return the reference that a cell keeps of a language's sentences."""
    fingerprint = hashlib.sha256(canonical_json([document(language), NESTS]).encode()).hexdigest()
    return TaskRef(name=f"sentences-{language}", fingerprint=fingerprint)


@cache
def sentences(language: Language) -> tuple[Sentence, ...]:
    """Return all sentences of a language: every subject with every verb."""
    words = document(language)
    return tuple(
        Sentence(language, subject, tuple(verb)) for verb in words["verbs"] for subject in words["subjects"]
    )


def instruction(language: Language, asked: Sequence[str]) -> str:
    """Name functions in words, in the order in which they are to be carried out."""
    words = document(language)
    names = [words["instructions"][function] for function in asked]
    if len(names) == 1:
        told = words["only"].format(names[0])
    else:
        told = words["first"].format(names[0]) + "".join(words["then"].format(name) for name in names[1:])
    told = words["order"].format(told)
    return told[0].upper() + told[1:]


def request(sentence: Sentence, asked: Sequence[str]) -> str:
    """Write an instruction and the sentence that it is about."""
    words = document(sentence.language)
    return f"{instruction(sentence.language, asked)}\n{words['sentence']} {sentence.form(())}"


def prompt(demonstrations: Sequence[tuple[Sentence, str]], sentence: Sentence, asked: Sequence[str]) -> str:
    """Write demonstrations of single functions, and a request that waits for its answer.

    Args:
        demonstrations: Sentences and the one function that each shows.
        sentence: What is asked about.
        asked: Functions in order.
    """
    answer = document(sentence.language)["answer"]
    shown = [f"{request(one, [name])}\n{answer} {one.form([name])}\n\n" for one, name in demonstrations]
    return "".join(shown) + f"{request(sentence, asked)}\n{answer}"


def messages(
    demonstrations: Sequence[tuple[Sentence, str]], sentence: Sentence, asked: Sequence[str]
) -> list[dict[str, str]]:
    """Write the same as a conversation, for models that were tuned on instructions."""
    said = []
    for one, name in demonstrations:
        said += [
            {"role": "user", "content": request(one, [name])},
            {"role": "assistant", "content": one.form([name])},
        ]
    return [*said, {"role": "user", "content": request(sentence, asked)}]


def _english(sentence: Sentence, asked: Collection[str]) -> str:
    base, past, thing = sentence.verb
    subject = sentence.subject[0].upper() + sentence.subject[1:]
    if "negate" in asked:
        return f"{subject} {'did' if 'past' in asked else 'do'} not {base} {thing}."
    return f"{subject} {past if 'past' in asked else base} {thing}."


def _is_english(sentence: Sentence, found: str, asked: Collection[str]) -> bool:
    base, past, thing = sentence.verb
    words = set(re.findall(r"[a-z]+", found))
    kept = sentence.subject.lower() in words and _holds(found, thing.split()[-1], "en")
    negated = _NOT.search(found) is not None
    given = set(_OTHER.findall(sentence.form(()).lower()))
    if not kept or negated != ("negate" in asked) or set(_OTHER.findall(found)) - given:
        return False
    if not negated:
        return (past if "past" in asked else base) in words and (
            base if "past" in asked else past
        ) not in words
    then = bool(words & {"did", "didn"}) or past in words
    now = bool(words & {"do", "don"}) or (base in words and not then)
    return then != now and then == ("past" in asked) and bool(words & {base, past})


def _japanese(sentence: Sentence, asked: Collection[str]) -> str:
    return f"{sentence.subject}{sentence.verb[0]}{sentence.verb[_japanese_form(asked)]}。"


def _japanese_form(asked: Collection[str]) -> int:
    """Return which entry of a verb has this form: plain before polite, then the past, then the negative."""
    polite, past, negate = (name in asked for name in ("polite", "past", "negate"))
    return 1 + 4 * polite + 2 * past + negate


def _is_japanese(sentence: Sentence, said: str, asked: Collection[str]) -> bool:
    """The verb ends the sentence in just this form; no form is the end of another one of the same verb.

    The subject must be there with a particle of its own: 彼 is also the beginning of 彼女.
    """
    ended = re.sub(r"[。．！!？?♪よね\s]+$", "", said)
    form = sentence.verb[_japanese_form(asked)]
    kept = re.search(f"{sentence.subject[:-1]}[はがも]", ended) is not None
    return kept and ended.endswith(form) and sentence.verb[0] in ended


def _holds(text: str, word: str, language: Language) -> bool:
    """Whether a text holds a word; in English as a word of its own."""
    if language == "ja":
        return word in text
    return re.search(rf"\b{re.escape(word)}\b", text) is not None


def _lowered(text: str) -> str:
    """Begin small, but for the word I."""
    return text if text.startswith("I ") else text[0].lower() + text[1:]
