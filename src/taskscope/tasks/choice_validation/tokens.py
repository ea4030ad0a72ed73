"""Rules that need a tokenizer: V6 boundary, V7 alike, V10 lengths, V11 context, V14 single tokens, V20."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from taskscope.tasks.choice_columns import Row
from taskscope.tasks.choice_validation.issues import Issue, Severity, at, prompts_of
from taskscope.tasks.choices import ChoiceItem, Metric

LEANING = 0.1
"""Correlation from which length may pass for skill, since sums over tokens favour short classes."""
Encode = Callable[[str], Sequence[int]]
Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Encoding:
    """How one model reads text."""

    name: str
    encode: Encode
    """Text to tokens, without special ones such as BOS."""
    context: int | None = None
    """Longest sequence in tokens; None if unknown."""
    special: int = 0
    """Tokens that are put in front, such as BOS."""


@dataclass(frozen=True)
class Finding:
    """What a tokenizer makes of one item: the rule, how bad, and a sentence."""

    rule: str
    severity: Severity
    message: str


@dataclass(frozen=True)
class Reading:
    """An item in tokens: its classes as they follow the prompt, where they can be told from it."""

    classes: tuple[Tokens, ...]
    findings: tuple[Finding, ...]

    @property
    def unusable(self) -> str:
        """The first reason for which the item cannot be scored by this model; empty if it can be."""
        return next((f"{f.rule}: {f.message}" for f in self.findings if f.severity == "error"), "")


def read_item(item: ChoiceItem, metric: Metric, encoding: Encoding) -> Reading:
    """Tokenise an item after each of its prompts and judge what comes of it."""
    findings: list[Finding] = []
    classes: tuple[Tokens, ...] = ()
    for name, prompt in prompts_of(item, metric).items():
        after, found = _after(name, prompt, item.classes, encoding)
        findings += found
        classes = classes or after
    if len(classes) == len(item.classes):
        findings += _alike(item.classes, classes, metric)
    return Reading(classes, tuple(findings))


def _after(
    name: str, prompt: str, classes: Sequence[str], encoding: Encoding
) -> tuple[tuple[Tokens, ...], list[Finding]]:
    """Split prompt and class together at the end of the prompt's tokens (V6); look at the length (V11)."""
    start = tuple(encoding.encode(prompt))
    findings: list[Finding] = []
    after: list[Tokens] = []
    for text in classes:
        whole = tuple(encoding.encode(prompt + text))
        if whole[: len(start)] != start or len(whole) == len(start):
            message = f"{text!r} does not start at a boundary between tokens of the {name}"
            findings.append(Finding("V6", "error", message))
            continue
        after.append(whole[len(start) :])
        if tuple(encoding.encode(text)) != after[-1]:
            message = (
                f"{text!r} has other tokens after the {name} than alone, so tools that join the two differ"
            )
            findings.append(Finding("V6", "warning", message))
        n = len(whole) + encoding.special
        if encoding.context is not None and n > encoding.context:
            message = f"{n} tokens with {text!r}, where the model takes {encoding.context}"
            findings.append(Finding("V11", "error", message))
    return tuple(after), findings


def _alike(texts: Sequence[str], tokens: Sequence[Tokens], metric: Metric) -> Iterator[Finding]:
    for (a, first), (b, second) in combinations(zip(texts, tokens, strict=True), 2):
        if first == second:
            yield Finding("V7", "error", f"{a!r} and {b!r} are the same tokens")
        elif first[-1] == second[-1]:
            yield Finding("V7", "warning", f"{a!r} and {b!r} end in the same token")
        elif first[0] == second[0]:
            yield Finding("V7", "warning", f"{a!r} and {b!r} begin with the same token")
    if metric in ("log-odds", "absolute-log-odds"):
        for text, found in zip(texts, tokens, strict=True):
            if len(found) != 1:
                yield Finding("V14", "error", f"{text!r} is {len(found)} tokens, where log-odds need one")


class Tokenized:
    """Every token rule for one model."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._n = self._lost = self._uneven = 0
        self._lengths: list[tuple[int, bool]] = []

    def see(self, row: Row) -> Iterator[Issue]:
        """Judge the item, and note the lengths of its classes."""
        if row.item is None:
            return
        reading = read_item(row.item, row.metric, self._encoding)
        for finding in reading.findings:
            yield at(row, finding.rule, finding.severity, finding.message)
        self._n += 1
        self._lost += bool(reading.unusable)
        lengths = [len(tokens) for tokens in reading.classes]
        if len(lengths) == len(row.item.classes) and len(set(lengths)) > 1:
            self._uneven += 1
            if len(self._lengths) < 1_000_000:
                self._lengths += [(n, place == row.item.answer) for place, n in enumerate(lengths)]

    def done(self) -> Iterator[Issue]:
        """Report lengths against labels (V10), and how many items this model cannot score (V20)."""
        if self._uneven:
            message = f"In {self._uneven} of {self._n} items the classes differ in tokens{self._told()}."
            yield Issue("V10", "warning", None, message)
        if self._lost:
            message = (
                f"{self._encoding.name} cannot score {self._lost} of {self._n} items; a series is judged on "
                "the items that all of its models can score."
            )
            yield Issue("V20", "error", None, message)

    def _told(self) -> str:
        lengths, right = np.array(self._lengths, dtype=np.float64).T
        correlation = float(np.corrcoef(lengths, right)[0, 1])
        leaning = ""
        if abs(correlation) >= LEANING:
            leaning = f" (the right ones are {'shorter' if correlation < 0 else 'longer'})"
        return f"; length and being right correlate by {correlation:+.2f}{leaning}"
