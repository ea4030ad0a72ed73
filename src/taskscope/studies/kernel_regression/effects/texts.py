"""The texts of an effect cell: likeness of queries to a pool, surprise, and every set of demonstrations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from taskscope.models.mean_states import mean_states
from taskscope.studies.kernel_regression.alone import HELD, laws
from taskscope.studies.kernel_regression.asking import Asker
from taskscope.studies.kernel_regression.draws import Question
from taskscope.studies.kernel_regression.effects import choosing, conditions
from taskscope.studies.kernel_regression.rivals.encoding import sentences, words
from taskscope.studies.kernel_regression.rivals.kernels import PREDICTION, SENTENCE, STATE, WORDS
from taskscope.tasks import classification_registry
from taskscope.tasks.classification import ClassificationTask, Text

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

LARGEST_POOL = 2000
"""Texts of the pool from which demonstrations are retrieved (M7)."""

Shown = dict[str, list[tuple[Text, ...]]]
"""By condition, the demonstrations of each question."""


class Pool:
    """A task's pool, and how like its texts are to those of queries.

    Args:
        asker: Of the task.
        queries: Texts that are asked about.
        sentence_encoder: Name or folder of an encoder; none if empty.
        rng: Decides which texts of a large pool are left out.
    """

    def __init__(
        self, asker: Asker, queries: Sequence[Text], sentence_encoder: str, rng: np.random.Generator
    ) -> None:
        whole = asker.task.pool
        kept = np.sort(rng.permutation(len(whole))[:LARGEST_POOL])
        self.texts = [whole[i] for i in kept]
        self.labels = np.array([text.label for text in self.texts])
        plain, asked = [t.text for t in self.texts], [t.text for t in queries]
        embed = words(plain)
        self.table = embed(plain)
        """(text, word) unit vectors, by which texts are typical or odd."""
        self.likeness = {WORDS: embed(asked) @ self.table.T}
        """By kernel, (query, text)."""
        states = [_unit(_states(asker.model, some)) for some in (asked, plain)]
        self.likeness[STATE] = states[0] @ states[1].T
        self.likeness[PREDICTION] = _laws_alike(asker, asked, plain)
        if sentence_encoder:
            encode = sentences(sentence_encoder)
            self.likeness[SENTENCE] = _unit(encode(asked)) @ _unit(encode(plain)).T
        self.surprise = surprise(asker, plain)
        """(text,), nats per token."""

    def pick(self, numbers: np.ndarray) -> tuple[Text, ...]:
        """Return texts by number."""
        return tuple(self.texts[i] for i in numbers)


def retrieved(pool: Pool, n_queries: int, k: int, n_classes: int, rng: np.random.Generator) -> Shown:
    """Choose the nearest and farthest texts of every query by every likeness (M7)."""
    found: Shown = {}
    for scorer, table in pool.likeness.items():
        for way, sign in ((conditions.NEAREST, 1), (conditions.FARTHEST, -1)):
            found[conditions.by(way, scorer)] = [
                pool.pick(
                    choosing.highest(sign * table[i], pool.labels, choosing.shares(k, n_classes, rng), rng)
                )
                for i in range(n_queries)
            ]
    nobody = np.zeros(len(pool.labels), np.int64)
    found[conditions.ANY_LABEL] = [
        pool.pick(choosing.highest(pool.likeness[WORDS][i], nobody, np.array([k]), rng))
        for i in range(n_queries)
    ]
    return found


def samples(pool: Pool, task: ClassificationTask, n: int, k: int, rng: np.random.Generator) -> Shown:
    """Choose typical texts, outliers, plain texts, and those of other tasks, n times (M10)."""
    found: Shown = {name: [] for name in (conditions.TYPICAL, conditions.OUTLIERS, conditions.PLAINEST)}
    for _ in range(n):
        counts = choosing.shares(k, len(task.classes), rng)
        among = choosing.candidates(pool.labels, counts, rng)
        table, labels = pool.table[among], pool.labels[among]
        likeness = table @ table.T
        chosen = {
            conditions.TYPICAL: rng.permutation(choosing.typical(likeness, labels, counts)),
            conditions.OUTLIERS: choosing.highest(choosing.oddness(likeness, labels), labels, counts, rng),
            conditions.PLAINEST: choosing.highest(-pool.surprise[among], labels, counts, rng),
        }
        for name, numbers in chosen.items():
            found[name].append(pool.pick(among[numbers]))
    return found | dict(_of_others(task, n, k, rng))


def _of_others(
    task: ClassificationTask, n: int, k: int, rng: np.random.Generator
) -> Iterator[tuple[str, list[tuple[Text, ...]]]]:
    """Draw texts of built-in tasks: with the same labels, and with others, whose labels are then random."""
    n_classes = len(task.classes)
    others = [classification_registry.get(name) for name in classification_registry.names()]
    for other in others:
        if set(other.labels) == set(task.labels) and other.name != task.name:
            number = np.array([task.labels.index(other.labels[text.label]) for text in other.pool])
            drawn = [
                choosing.highest(np.zeros(len(number)), number, choosing.shares(k, n_classes, rng), rng)
                for _ in range(n)
            ]
            yield (
                conditions.OTHER_DOMAIN,
                [tuple(Text(text=other.pool[i].text, label=int(number[i])) for i in own) for own in drawn],
            )
            break
    foreign = next(other for other in others if not set(other.labels) & set(task.labels))
    shown = []
    for _ in range(n):
        labels = rng.permutation(np.repeat(np.arange(n_classes), choosing.shares(k, n_classes, rng)))
        numbers = rng.permutation(len(foreign.pool))[:k]
        shown.append(
            tuple(
                Text(text=foreign.pool[i].text, label=int(label))
                for i, label in zip(numbers, labels, strict=True)
            )
        )
    yield conditions.OTHER_TEXTS, shown


def exchange(shown: Sequence[tuple[Text, ...]], rng: np.random.Generator) -> list[tuple[Text, ...]]:
    """Deal the labels of each question's demonstrations out anew among its texts."""
    found = []
    for texts in shown:
        labels = [texts[i].label for i in rng.permutation(len(texts))]
        found.append(tuple(Text(text=t.text, label=label) for t, label in zip(texts, labels, strict=True)))
    return found


def surprise(asker: Asker, texts: Sequence[str]) -> np.ndarray:
    """Return -log p of each text where a question begins, nats per token, (text,): log perplexity."""
    start = asker.template.start
    requests = [(start.rstrip(), start[len(start.rstrip()) :] + text) for text in texts]
    many = [len(own) for _, own in asker.model.encoder.encode_pairs(requests)]
    return -asker.model.score(requests) / np.maximum(many, 1)


def asked_again(some: Sequence[Question], shown: Sequence[tuple[Text, ...]]) -> list[Question]:
    """Ask the same with other demonstrations."""
    return [Question(texts, question.query) for question, texts in zip(some, shown, strict=True)]


def _states(model: LanguageModel, texts: Sequence[str]) -> np.ndarray:
    tokens = model.encoder.encode_all(list(texts))
    return mean_states(model.executor, tokens, model.n_blocks // 2).astype(np.float64)


def _laws_alike(asker: Asker, queries: Sequence[str], texts: Sequence[str]) -> np.ndarray:
    """Multiply next-token laws after cued queries with those after cued texts, a chunk of texts at a time."""
    model = asker.model
    step = max(1, HELD // len(model.tokenizer))
    own = laws(model, [_cued(asker, text) for text in queries])
    parts = [
        own @ laws(model, [_cued(asker, text) for text in texts[at : at + step]]).T
        for at in range(0, len(texts), step)
    ]
    return np.concatenate(parts, axis=1).astype(np.float64)


def _cued(asker: Asker, text: str) -> str:
    """Write a question without demonstrations."""
    return asker.template.render((), text).text


def _unit(table: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(table, axis=1, keepdims=True)
    return np.divide(table, length, out=np.zeros_like(table), where=length > 0)
