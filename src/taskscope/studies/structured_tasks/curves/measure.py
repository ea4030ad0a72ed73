"""Measuring the learning curves of one task: the model and the reference learners on the same demonstrations.

Every draw of demonstrations has a response map g and a prompt map h of its own, and is encoded once for all
the queries that follow it (protocol E1, E2, section 7).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.errors import StudyError
from taskscope.runs.cell import Cell, Measured
from taskscope.studies.randomness import stream
from taskscope.studies.structured_tasks.asking import Asked, Asker, Tokens
from taskscope.studies.structured_tasks.curves.cipher_kinds import (
    KINDS,
    MakeCipher,
    bijection,
    scrambled,
    whole,
)
from taskscope.studies.structured_tasks.curves.conditions import (
    CIPHERED,
    RENAMED,
    SCRAMBLED,
    SWAPPED,
    UNLEARNABLE,
    VANILLA,
    WHOLE,
    ladder,
    scrambled_ladder,
)
from taskscope.studies.structured_tasks.curves.rows import join, skipped_row, to_rows
from taskscope.studies.structured_tasks.draws import Shown, texts
from taskscope.studies.structured_tasks.learners.predicting import ORACLE, predict, predict_oracle
from taskscope.studies.structured_tasks.params import CurveParams
from taskscope.tasks import classification_registry
from taskscope.tasks.ciphers import Cipher
from taskscope.tasks.label_maps import ResponseMap, random_map, swap_map

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

Images = Sequence[str]
"""The word that stands for each class."""


@dataclass(frozen=True)
class Question:
    """All prompts of one condition, repetition after repetition, and the labels that are compared."""

    prompts: list[Tokens]
    labels: list[list[Tokens]]
    """(prompt, class) tokens."""


class Session:
    """One task, one model, one seed: draws, maps and ciphers, and the questions made of them."""

    def __init__(self, cell: Cell, model: LanguageModel) -> None:
        self.params = CurveParams(**cell.params)
        self.task = classification_registry.resolve(cell.tasks[0])
        self.model, self.seed = model, cell.seed
        self.asker = Asker(self.task, model)
        sizes = self.params.n_repetitions, max(self.params.shots), self.params.n_queries
        self.shown = texts(self.task, "curves", cell.seed, *sizes)
        self.gold = np.stack([each.gold for each in self.shown])
        self.renamings = [self._renaming(each.number) for each in self.shown]
        labels = self.task.labels
        self.swaps = [swap_map(labels, self.stream("swap", each.number)) for each in self.shown]

    @property
    def n_classes(self) -> int:
        """Classes of the task."""
        return len(self.task.classes)

    def stream(self, purpose: str, number: int) -> np.random.Generator:
        """Return the random numbers of one purpose in one repetition."""
        return stream("structured-tasks curves", purpose, self.task.fingerprint, self.seed, number)

    def missing(self, shots: int) -> np.ndarray:
        """Which queries' class is not among the demonstrations, (repetition, query) bool (P4)."""
        return np.stack([~np.isin(each.gold, each.classes(shots)) for each in self.shown])

    def fits(self, shots: int) -> bool:
        """Whether every prompt with this many demonstrations fits the model's context."""
        prompts = [prompt.text for each in self.shown for prompt in self._rendered(each, shots)]
        longest = max(len(ids) for ids in self.model.tokenizer(prompts)["input_ids"])
        room = max(len(tokens) for tokens in self.asker.label_tokens(self.task.labels))
        return longest + room <= self.model.context

    def plain(self, shots: int) -> list[list[Asked]]:
        """Encode the prompts of the task as it is, (repetition, query)."""
        return [self.asker.encode(self._rendered(each, shots)) for each in self.shown]

    def renamed(self, shots: int, maps: Sequence[ResponseMap], at_random: bool = False) -> Question:
        """Rename every label by each repetition's map; or give the new labels out at random."""
        prompts, labels = [], []
        for each, renaming in zip(self.shown, maps, strict=True):
            classes = each.classes(shots)
            if at_random:
                classes = self.stream("labels", each.number).integers(self.n_classes, size=shots)
            rendered = self._rendered(each, shots, renaming.images, classes)
            prompts += [tuple(one.tokens) for one in self.asker.encode(rendered)]
            labels += [self.asker.label_tokens(renaming.images)] * len(each.queries)
        return Question(prompts, labels)

    def ciphered(self, plain: Sequence[Sequence[Asked]], make: MakeCipher, whole: bool = False) -> Question:
        """Put the texts of prompts in cipher, label words kept; `whole` ciphers the template too."""
        prompts = []
        for each, asked in zip(self.shown, plain, strict=True):
            rng = self.stream("cipher", each.number)
            cipher = make(self.asker, rng)
            prompts += [_put_in_cipher(one, cipher, whole, rng) for one in asked]
        return self.own_labels(prompts)

    def own_labels(self, prompts: list[Tokens]) -> Question:
        """Ask prompts for the task's own label words."""
        return Question(prompts, [self.asker.label_tokens(self.task.labels)] * len(prompts))

    def _renaming(self, number: int) -> ResponseMap:
        rng = self.stream("renaming", number)
        if len(self.asker.words) < 4 * self.n_classes:
            raise StudyError(
                f"{len(self.asker.words)} words of one token could stand for a label in {self.model.label}",
                f"at least {4 * self.n_classes}",
            )
        return random_map(self.task.labels, self.asker.words, rng)

    def _rendered(
        self, each: Shown, shots: int, images: Images | None = None, classes: np.ndarray | None = None
    ) -> list:
        images = self.task.labels if images is None else images
        classes = each.classes(shots) if classes is None else classes
        chosen = each.demonstrations[:shots]
        pairs = [(text.text, str(images[int(c)])) for text, c in zip(chosen, classes, strict=True)]
        return [self.task.render(pairs, query.text) for query in each.queries]


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure the learning curves of one task with one model and seed.

    Raises:
        TaskError: If a label cannot be told from another, or the pool is too small.
        StudyError: If no number of demonstrations fits the model's context, or it knows too few words.
    """
    session = Session(cell, model)
    fitting = [shots for shots in session.params.shots if session.fits(shots)]
    if not fitting:
        raise StudyError(
            f"{session.params.shots[0]} demonstrations of {session.task.name} do not fit {model.label}",
            f"a number of demonstrations that fits its {model.context} tokens",
            "--set shots='[1]'",
        )
    tables = [skipped_row(s, session.n_classes) for s in session.params.shots if s not in fitting]
    with model.audited(cell.rng("audit")) as audit:
        for shots in fitting:
            for condition, question in _questions(session, shots, shots == fitting[-1]):
                tables.append(_answered(session, shots, condition, question))
            tables += _learned(session, shots)
    notes = {**audit.notes(), "route": model.route, "label_candidates": len(session.asker.words)}
    return Measured(rows=join(tables), notes=notes)


def _questions(session: Session, shots: int, last: bool) -> Iterator[tuple[str, Question]]:
    """Make the questions of all conditions; the cipher ladder at the largest number alone."""
    plain = session.plain(shots)
    yield VANILLA, session.own_labels([one.tokens for asked in plain for one in asked])
    yield RENAMED, session.renamed(shots, session.renamings)
    yield UNLEARNABLE, session.renamed(shots, session.renamings, at_random=True)
    yield SWAPPED, session.renamed(shots, session.swaps)
    if plain[0][0].in_text is None:  # nothing can be put in cipher where texts cannot be found
        return
    yield CIPHERED, session.ciphered(plain, bijection)
    yield SCRAMBLED, session.ciphered(plain, scrambled)
    yield WHOLE, session.ciphered(plain, whole, whole=True)
    if not last:
        return
    for kind in session.params.cipher_kinds:
        yield kind, session.ciphered(plain, KINDS[kind])
    for share in session.params.cipher_ladder:
        yield ladder(share), session.ciphered(plain, partial(bijection, share=share))
        yield scrambled_ladder(share), session.ciphered(plain, partial(scrambled, share=share))


def _answered(session: Session, shots: int, condition: str, question: Question) -> pa.Table:
    logprobs = session.model.classify(question.prompts, question.labels)
    logprobs = logprobs.reshape(*session.gold.shape, session.n_classes)
    return to_rows(
        condition,
        shots,
        session.gold,
        logprobs.argmax(axis=-1),
        session.missing(shots),
        session.n_classes,
        logprobs,
    )


def _learned(session: Session, shots: int) -> list[pa.Table]:
    """Train every reference learner on each repetition's demonstrations (protocol 5.2, 5.3)."""
    encode, n_classes = session.asker.text_tokens, session.n_classes
    tables = []
    for name in session.params.learners:
        predicted = []
        for each in session.shown:
            demonstrations, classes = encode(each.demonstrations[:shots]), each.classes(shots)
            queries = encode(each.queries)
            if name == ORACLE:
                found = predict_oracle(demonstrations, classes, queries, each.gold, n_classes)
            else:
                rng = session.stream(f"learner {name} {shots}", each.number)
                found = predict(name, demonstrations, classes, queries, n_classes, rng)
            predicted.append(found)
        missing = session.missing(shots)
        tables.append(to_rows(name, shots, session.gold, np.stack(predicted), missing, n_classes))
    return tables


def _put_in_cipher(asked: Asked, cipher: Cipher, whole: bool, rng: np.random.Generator) -> Tokens:
    tokens = np.array(asked.tokens, dtype=np.int64)
    assert asked.in_text is not None
    moved = np.ones(len(tokens), dtype=bool) if whole else asked.in_text
    tokens[moved] = cipher.encode(tokens[moved].tolist(), rng)
    return tuple(tokens.tolist())
