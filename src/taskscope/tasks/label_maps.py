"""Maps g from label words to other words, which rewrite a task's answers (protocol structured_tasks 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.errors import TaskError, nearest
from taskscope.tasks.classification import one_line

Encode = Callable[[str], Sequence[int]]
"""From a word to its tokens where it follows the prompt."""

_TRIES = 1_000
_LARGEST_RATIO = 2.0
"""Of prior probabilities of two labels, times the number of labels."""
_LEAST_PRIOR = 1e-8


@dataclass(frozen=True)
class ResponseMap:
    """A one-to-one map of label words.

    Raises:
        TaskError: If the numbers of labels and images differ, or a label or an image stands twice.
    """

    kind: str
    """``identity``, ``random``, ``any-token``, ``prior-matched``, ``synonym``, ``antonym``, ``keyword``,
    ``swap`` or ``order-1`` to ``order-5``."""
    labels: tuple[str, ...]
    """Original label words, in the order of the classes."""
    images: tuple[str, ...]
    """g(label), in the same order."""

    def __post_init__(self) -> None:
        distinct = len(set(self.labels)) == len(self.labels) == len(self.images) == len(set(self.images))
        if not distinct or not all(self.images):
            raise TaskError(
                f"A map from {list(self.labels)} to {list(self.images)}.",
                "one image for each label, all different and none empty",
            )

    def apply(self, label: str) -> str:
        """Return g(label).

        Raises:
            TaskError: If the map has no such label.
        """
        if label not in self.labels:
            raise TaskError(
                f"No label {label!r}.", f"one of {', '.join(self.labels)}", nearest(label, self.labels)
            )
        return self.images[self.labels.index(label)]


def identity_map(labels: Sequence[str]) -> ResponseMap:
    """Leave every label as it is: order 0 of the chains."""
    return ResponseMap("identity", tuple(labels), tuple(labels))


def swap_map(labels: Sequence[str], rng: np.random.Generator) -> ResponseMap:
    """Give each label another one's place at random; two labels change places."""
    places = np.arange(len(labels))
    drawn = rng.permutation(places)
    while (drawn == places).any():
        drawn = rng.permutation(places)
    return ResponseMap("swap", tuple(labels), tuple(labels[int(i)] for i in drawn))


def random_map(
    labels: Sequence[str],
    candidates: Sequence[str],
    rng: np.random.Generator,
    forbidden: Iterable[str] = (),
    kind: str = "random",
) -> ResponseMap:
    """Draw different images uniformly from candidates; no image is one of the labels.

    Args:
        labels: Original label words.
        candidates: Words to draw from (`candidates` makes such a list); repeats count once.
        rng: Source of randomness.
        forbidden: Candidates that may not be drawn, such as images of other maps.
        kind: What the map is called: ``random``, or ``any-token`` for the paper's candidates.

    Raises:
        TaskError: If too few candidates are left.
    """
    left = _allowed(labels, candidates, forbidden)
    picked = rng.choice(len(left), size=len(labels), replace=False)
    return ResponseMap(kind, tuple(labels), tuple(left[i] for i in picked))


def matched_map(
    labels: Sequence[str],
    prior: Mapping[str, float],
    rng: np.random.Generator,
    forbidden: Iterable[str] = (),
) -> ResponseMap:
    """Draw images that a model finds about equally likely after a prompt without text (E1, matched mode).

    One image is drawn, the others from what lies near it: with K labels the likeliest image is at most 2 K
    times as likely as the least likely one, and none is below 1e-8.

    Args:
        labels: Original label words.
        prior: Probability of each candidate as an answer to an empty text.
        rng: Source of randomness.
        forbidden: Candidates that may not be drawn.

    Raises:
        TaskError: If no such images are found.
    """
    usable = [word for word, p in prior.items() if p >= _LEAST_PRIOR]
    left = _allowed(labels, usable, forbidden)
    logs = np.log([prior[word] for word in left])
    reach = np.log(_LARGEST_RATIO * len(labels)) / 2
    for first in rng.permutation(len(left)):
        near = np.flatnonzero(np.abs(logs - logs[first]) <= reach)
        near = near[near != first]
        if len(near) >= len(labels) - 1:
            others = rng.choice(near, size=len(labels) - 1, replace=False)
            picked = rng.permutation([first, *others])
            return ResponseMap("prior-matched", tuple(labels), tuple(left[i] for i in picked))
    raise TaskError(
        f"No {len(labels)} of {len(left)} candidates are likely to within a factor of "
        f"{_LARGEST_RATIO * len(labels):g} of one another.",
        "candidates with similar prior probabilities",
        "maps of the kind 'random'",
    )


def natural_map(
    kind: str, labels: Sequence[str], lists: Mapping[str, Sequence[str]], rng: np.random.Generator
) -> ResponseMap:
    """Draw one word for each label from the label's own list; a draw in which two agree is thrown away (E5).

    Args:
        kind: What the lists hold: ``synonym``, ``antonym``, ``keyword``.
        labels: Original label words.
        lists: Words by label; an image is never one of the labels.
        rng: Source of randomness.

    Raises:
        TaskError: If a label has no word, or every draw has two that agree.
    """
    own = [[word for word in dict.fromkeys(lists.get(label, ())) if word not in labels] for label in labels]
    empty = [label for label, words in zip(labels, own, strict=True) if not words]
    if empty:
        raise TaskError(
            f"No {kind} is known for {', '.join(map(repr, empty))}.",
            "at least one word for each label that is not itself a label",
            "lists of your own, or maps of the kind 'random'",
        )
    sizes = [len(words) for words in own]
    for _ in range(_TRIES):
        images = tuple(words[int(i)] for words, i in zip(own, rng.integers(sizes), strict=True))
        if len(set(images)) == len(images):
            return ResponseMap(kind, tuple(labels), images)
    return ResponseMap(kind, tuple(labels), _assigned(kind, labels, own, rng))


def order_map(
    order: int, labels: Sequence[str], rings: Mapping[str, Sequence[Sequence[str]]], rng: np.random.Generator
) -> ResponseMap:
    """Draw a word at a given distance from each label (E6).

    Args:
        order: From 0, the label itself, to the number of rings.
        labels: Original label words.
        rings: By label: words of order 1, of order 2 and so on (`thesaurus`).
        rng: Source of randomness.

    Raises:
        TaskError: If a label has no word of this order, or every draw has two that agree.
    """
    if order == 0:
        return identity_map(labels)
    lists = {label: ring[order - 1] for label, ring in rings.items() if order <= len(ring)}
    return natural_map(f"order-{order}", labels, lists, rng)


def candidates(
    vocabulary: Sequence[str], excluded: Iterable[str] = (), *, words_only: bool = True
) -> list[str]:
    """List what may serve as a random label: words that are one token where they follow a space.

    Args:
        vocabulary: Texts of single tokens, a word-initial one with its leading space.
        excluded: Words left out whatever their case: labels, words of the template.
        words_only: Keep only words of at least three ASCII letters, one spelling each, small letters first
            choice. False keeps every token, as the paper does.

    Returns:
        Words without their space, in the order of the vocabulary.
    """
    known = set(vocabulary)
    found = dict.fromkeys(word for token in vocabulary if (word := token.strip()) and f" {word}" in known)
    if words_only:
        spelt = {word for word in found if word.isascii() and word.isalpha() and len(word) >= 3}
        chosen: dict[str, str] = {}
        for word in found:
            if word in spelt:
                chosen.setdefault(word.lower(), word.lower() if word.lower() in spelt else word)
        found = dict.fromkeys(chosen.values())
    left_out = {word.lower() for word in excluded}
    return [word for word in found if word.lower() not in left_out and word == one_line(word)]


def _allowed(labels: Sequence[str], words: Iterable[str], forbidden: Iterable[str]) -> list[str]:
    barred = {*labels, *forbidden}
    left = [word for word in dict.fromkeys(words) if word not in barred]
    if len(left) < len(labels):
        raise TaskError(
            f"{len(left)} candidates for the images of {len(labels)} labels.",
            f"at least {len(labels)} words that are neither labels nor forbidden",
        )
    return left


def _assigned(
    kind: str, labels: Sequence[str], own: Sequence[Sequence[str]], rng: np.random.Generator
) -> tuple[str, ...]:
    """Find different words where nearly every draw has two that agree: an assignment with random costs."""
    from scipy.optimize import linear_sum_assignment  # here, because commands that draw nothing start faster

    words = sorted({word for listed in own for word in listed})
    cost = np.full((len(own), len(words)), np.inf)
    for row, listed in enumerate(own):
        cost[row, [words.index(word) for word in listed]] = rng.random(len(listed))
    try:
        _, taken = linear_sum_assignment(cost)
    except ValueError:  # every assignment has an infinite cost
        taken = np.array([], dtype=int)
    if len(taken) < len(own):
        raise TaskError(
            f"The lists of kind {kind!r} have no different words for {', '.join(labels)}.",
            "lists from which each label can take a word of its own",
            "longer lists, or fewer classes",
        )
    return tuple(words[i] for i in taken)
