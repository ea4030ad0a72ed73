"""Measuring a rival cell: laws and votes at every number of demonstrations, and kernels between texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.errors import TaskError
from taskscope.models.mean_states import mean_states
from taskscope.runs.cell import TOLD, Cell, Measured
from taskscope.studies.kernel_regression.alone import in_groups, laws
from taskscope.studies.kernel_regression.asking import Asker
from taskscope.studies.kernel_regression.attended import attended
from taskscope.studies.kernel_regression.draws import Question, questions
from taskscope.studies.kernel_regression.rivals.encoding import Embed, sentences, words
from taskscope.studies.kernel_regression.rivals.kernels import (
    OPERATIONAL,
    PREDICTION,
    SENTENCE,
    STATE,
    WORDS,
)
from taskscope.studies.kernel_regression.rivals.params import RivalParams
from taskscope.studies.kernel_regression.rivals.rows import SPLITS, alone_rows, product_rows, shot_rows
from taskscope.studies.kernel_regression.templates import template_for
from taskscope.studies.kernel_regression.voting import vote
from taskscope.studies.randomness import stream
from taskscope.tasks import classification_registry
from taskscope.tasks.classification import Text

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

REFERENCE = 128
"""Texts of the pool whose next-token laws make the second moment of the operational kernel."""
RANK = 32
"""Directions of it that are kept: those in which the reference texts differ most."""


class Session:
    """One task, one model, one seed."""

    def __init__(self, cell: Cell, model: LanguageModel) -> None:
        self.params = RivalParams(**cell.params)
        self.task = classification_registry.resolve(cell.tasks[0])
        self.model = model
        self.template = template_for(self.params.template, self.task)
        self.asker = Asker(self.task, model, self.template)
        self.rng = stream("kernel-regression rivals", self.task.fingerprint, cell.seed, self.params.sizes)
        classes = range(len(self.task.classes))
        held = len(classes) * min(sum(text.label == c for text in self.task.pool) for c in classes)
        self.number = {text.text: i for i, text in enumerate(self.task.test)}
        self.left_out = [n for n in self.params.sizes if n > max(self.params.k, held)]
        self.sizes = [n for n in self.params.sizes if n not in self.left_out]

    def draw(self) -> dict[str, list[Question]]:
        """Draw the questions of both splits; every class is shown before one is shown twice."""
        p, most = self.params, max(self.sizes[-1], len(self.task.classes))
        found = {}
        for split, n in zip(SPLITS, (p.n_chosen, p.n_judged), strict=True):
            drawn = questions(self.task, split, n, most, self.rng)
            found[split] = [replace(q, demonstrations=in_turn(q.demonstrations)) for q in drawn]
        return found

    def shots(self, shown: dict[str, list[Question]]) -> list[pa.Table]:
        """Ask with every number of demonstrations; numbers above k that do not fit are left out."""
        tables = []
        for shots in self.sizes:
            try:
                # Texts are cut where k demonstrations are asked for, and not to make room for more.
                more = shots > self.params.k
                encoded = {s: self.asker.encode(first(some, shots), whole=more) for s, some in shown.items()}
            except TaskError:
                if shots <= self.params.k:
                    raise
                self.left_out.append(shots)
                continue
            for split, asked in encoded.items():
                looked = attended(self.model, asked)
                classes = np.stack([q.classes[:shots] for q in shown[split]])
                votes = vote(looked.label, classes, len(self.task.classes))
                found = self.asker.logprobs(asked)
                tables.append(shot_rows(split, self.asks(shown[split]), shots, looked.blocks, found, votes))
        return tables

    def alone(self, split: str, shown: Sequence[Question]) -> pa.Table:
        """Ask about every text without demonstrations, each different one once."""
        texts = list(dict.fromkeys(text for question in shown for text in _texts(question)))
        said = dict(
            zip(texts, self.asker.logprobs(self.asker.encode([Question((), t) for t in texts])), strict=True)
        )
        gold = np.array([question.query.label for question in shown])
        classes = np.stack([question.classes for question in shown])
        alone = np.stack([[said[text] for text in _texts(question)] for question in shown])
        return alone_rows(split, self.asks(shown), gold, classes, alone)

    def products(self, split: str, shown: Sequence[Question]) -> Iterator[pa.Table]:
        """Multiply the embeddings of each question's texts, kernel by kernel."""
        embeds: dict[str, Embed] = {WORDS: words([text.text for text in self.task.pool]), STATE: self._states}
        if self.params.sentence_encoder:
            embeds[SENTENCE] = sentences(self.params.sentence_encoder)
        texts = list(dict.fromkeys(text.text for question in shown for text in _texts(question)))
        place = {text: i for i, text in enumerate(texts)}
        rows = np.array([[place[text.text] for text in _texts(question)] for question in shown])
        asks = self.asks(shown)
        for name, embed in embeds.items():
            table = embed(texts)
            yield product_rows(split, asks, name, np.stack([table[own] @ table[own].T for own in rows]))
        plain, whitened = self._laws(shown)
        yield product_rows(split, asks, PREDICTION, plain)
        yield product_rows(split, asks, OPERATIONAL, whitened)

    def asks(self, shown: Sequence[Question]) -> np.ndarray:
        """Number the texts that are asked about, (question,)."""
        return np.array([self.number[question.query.text] for question in shown])

    def _states(self, texts: Sequence[str]) -> np.ndarray:
        """Embed texts by the model's own mean state half-way up."""
        tokens = self.model.encoder.encode_all(list(texts))
        return mean_states(self.model.executor, tokens, self.model.n_blocks // 2).astype(np.float64)

    def _laws(self, shown: Sequence[Question]) -> tuple[np.ndarray, np.ndarray]:
        """Multiply next-token laws of cued texts, plainly and with their second moment divided out."""
        pool = self.task.pool[:: max(1, len(self.task.pool) // REFERENCE)][:REFERENCE]
        reference = laws(self.model, [self._cued(text.text) for text in pool])
        whiten = whitening(reference)
        plain, whitened = [], []
        for group, held, place in in_groups(self.model, shown, self._cued):
            short = held @ whiten
            for question in group:
                own = [place[self._cued(text.text)] for text in _texts(question)]
                plain.append(held[own] @ held[own].T)
                whitened.append(short[own] @ short[own].T)
        return np.stack(plain), np.stack(whitened)

    def _cued(self, text: str) -> str:
        return self.template.render((), text).text


def whitening(reference: np.ndarray, rank: int = RANK) -> np.ndarray:
    """Return the map (token, direction) whose images have the second moment of the reference divided out.

    ``P Sigma^+ P'`` for Sigma the second moment of the reference laws, of the given rank at most, by the
    eigenvectors of their Gram matrix: the vocabulary is larger than the reference (protocol 2.6, section 8).

    Args:
        reference: (text, token) laws.
        rank: Directions kept.
    """
    scaled = reference.astype(np.float64) / len(reference) ** 0.5
    values, vectors = np.linalg.eigh(scaled @ scaled.T)
    kept = (values > 1e-10 * values[-1]) & (np.arange(len(values)) >= len(values) - rank)
    return scaled.T @ (vectors[:, kept] / values[kept])


def in_turn(demonstrations: Sequence[Text]) -> tuple[Text, ...]:
    """Put demonstrations in an order in which classes take turns, each turn as its texts were drawn."""
    seen: dict[int, int] = {}
    turns = []
    for place, text in enumerate(demonstrations):
        seen[text.label] = seen.get(text.label, 0) + 1
        turns.append((seen[text.label], place, text))
    return tuple(text for _, _, text in sorted(turns, key=lambda turn: turn[:2]))


def first(shown: Sequence[Question], shots: int) -> list[Question]:
    """Keep the first demonstrations of each question."""
    return [replace(question, demonstrations=question.demonstrations[:shots]) for question in shown]


def _texts(question: Question) -> tuple[Text, ...]:
    return (question.query, *question.demonstrations)


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure one task with one model and seed.

    Raises:
        StudyError: If a sentence encoder is asked for and not installed.
        TaskError: If a prompt with k demonstrations is longer than the model's context.
        ModelError: If the model's attention cannot be read.
    """
    session = Session(cell, model)
    shown = session.draw()
    with model.audited(cell.rng("audit")) as audit:
        tables = session.shots(shown)
        most = max(set(session.params.sizes) - set(session.left_out))
        for split, some in shown.items():
            some = first(some, most)
            tables += [session.alone(split, some), *session.products(split, some)]
    rows = pa.concat_tables(tables, promote_options="default").unify_dictionaries().combine_chunks()
    notes = {**audit.notes(), "route": model.route, TOLD: session.asker.told()}
    if session.left_out:
        many = ", ".join(map(str, session.left_out))
        notes[TOLD] += [
            f"{many} demonstrations are more than the context of {model.label} or the task's texts allow: "
            "left out."
        ]
    return Measured(rows=rows, notes=notes)
