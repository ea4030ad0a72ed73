"""Measuring an effect cell: the same questions under every condition of M7 to M10."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.errors import TaskError
from taskscope.runs.cell import TOLD, Cell, Measured
from taskscope.studies.kernel_regression.asking import Asked, Asker
from taskscope.studies.kernel_regression.draws import Question, questions
from taskscope.studies.kernel_regression.effects import conditions, rewriting, texts
from taskscope.studies.kernel_regression.effects.params import EffectParams
from taskscope.studies.kernel_regression.effects.rows import Attention, to_rows
from taskscope.studies.kernel_regression.templates import template_for
from taskscope.studies.kernel_regression.voting import agreement, vote
from taskscope.studies.kernel_regression.weights.aggregating import AGGREGATIONS, demonstration_weights
from taskscope.studies.kernel_regression.weights.masses import masses
from taskscope.studies.randomness import stream
from taskscope.tasks import classification_registry
from taskscope.tasks.classification import Text

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

AT_A_TIME = 64
"""Prompts whose rows of attention are held in memory together."""
UNRELATED_WORDS = (
    "river",
    "paper",
    "chair",
    "window",
    "stone",
    "garden",
    "bottle",
    "street",
    "table",
    "cloud",
)
SYMBOLS = ("@", "#", "%", "&", "*", "+", "=", "$", "~", "^")


class Session:
    """One task, one model, one seed."""

    def __init__(self, cell: Cell, model: LanguageModel) -> None:
        self.params = EffectParams(**cell.params)
        self.task = classification_registry.resolve(cell.tasks[0])
        self.model = model
        self.asker = Asker(self.task, model, template_for(self.params.template, self.task))
        p = self.params
        self.rng = stream("kernel-regression effects", self.task.fingerprint, cell.seed, p.k)
        self.choosing = questions(self.task, "selection", p.n_choosing, p.k, self.rng)
        self.some = questions(self.task, "held-out", p.n_effects, p.k, self.rng)
        number = {text.text: i for i, text in enumerate(self.task.test)}
        self.query = np.array([number[question.query.text] for question in self.some])
        self.gold = np.array([question.query.label for question in self.some])
        self.plain = texts.surprise(self.asker, [q.query.text for q in self.some])
        self.head = self._best_head()
        self.tables: list[pa.Table] = []
        self.left_out: list[str] = []

    def retrieved(self, pool: texts.Pool) -> None:
        """Ask with the nearest and farthest demonstrations (M7)."""
        n_classes = len(self.task.classes)
        self._shown(texts.retrieved(pool, len(self.some), self.params.k, n_classes, self.rng))

    def samples(self, pool: texts.Pool) -> None:
        """Ask with typical texts, outliers and others (M10)."""
        self._shown(texts.samples(pool, self.task, len(self.some), self.params.k, self.rng))

    def labels(self) -> None:
        """Ask with other words for the classes, with random labels and without any (M8)."""
        n = len(self.task.classes)
        new = {
            conditions.UNRELATED: UNRELATED_WORDS[:n],
            conditions.SYMBOLS: SYMBOLS[:n],
            conditions.SWAPPED: (*self.task.labels[1:], self.task.labels[0]),
        }
        for name, own in new.items():
            if len(own) < n:
                self.left_out.append(name)
                continue
            task = self.task.model_copy(update={"labels": own})
            try:
                asker = Asker(task, self.model, template_for(self.params.template, task))
            except TaskError:  # two of the words start alike for this tokenizer
                self.left_out.append(name)
                continue
            self._ask(name, self.some, asker)
            self._ask(conditions.without(name), self._alone(self.some), asker)
        plain = [question.demonstrations for question in self.some]
        mixed = [tuple(Text(text=t.text, label=int(self.rng.integers(n))) for t in own) for own in plain]
        self._shown({conditions.RANDOM_LABELS: mixed, conditions.EXCHANGED: texts.exchange(plain, self.rng)})
        self._without_labels()

    def plainly(self) -> None:
        """Ask with demonstrations drawn at random, and without any."""
        self._ask(conditions.RANDOM, self.some)
        self._ask(conditions.ZERO, self._alone(self.some))

    def inputs(self, rare: dict[str, str] | None) -> None:
        """Ask about texts written another way (M9), with and without demonstrations."""
        ways: dict[str, Callable[[str], str]] = {
            name: lambda text, rate=rate: rewriting.with_typos(text, rate, self.rng)
            for name, rate in conditions.TYPO_RATES.items()
        }
        ways[conditions.CLAUSES] = lambda text: rewriting.with_clauses(text, self.rng)
        if rare is None:
            self.left_out.append(conditions.RARE)
        else:
            ways[conditions.RARE] = lambda text: rewriting.with_rare_words(text, rare)
        for name, way in ways.items():
            other = [replace(q, query=Text(text=way(q.query.text), label=q.query.label)) for q in self.some]
            unlike = texts.surprise(self.asker, [q.query.text for q in other])
            self._ask(name, other, surprise=unlike)
            self._ask(conditions.without(name), self._alone(other), surprise=unlike)

    def _shown(self, shown: texts.Shown) -> None:
        for name, demonstrations in shown.items():
            self._ask(name, texts.asked_again(self.some, demonstrations))

    def _ask(
        self,
        name: str,
        some: Sequence[Question],
        asker: Asker | None = None,
        *,
        surprise: np.ndarray | None = None,
    ) -> None:
        asker = asker or self.asker
        asked = asker.encode(some)
        shown = [question.classes for question in some]
        if some[0].demonstrations:
            weights, lift, logprobs = self._looked(asked, asker)
            self._keep(name, logprobs, shown, surprise, self._attention(weights, lift))
        else:
            self._keep(name, asker.logprobs(asked), shown, surprise)

    def _without_labels(self) -> None:
        """Show texts and cues, and nothing where labels would stand."""
        template = replace(self.asker.template, space="")
        prompts = [
            template.render([(t.text, "") for t in q.demonstrations], q.query.text).text
            for q in self.asker.fitted(self.some)
        ]
        tokens = self.model.encoder.encode_all(prompts)
        found = self.model.classify(tokens, [self.asker.labels] * len(tokens))
        self._keep(conditions.NO_LABELS, found, [np.zeros(0, np.int64)] * len(tokens))

    def _keep(
        self,
        name: str,
        logprobs: np.ndarray,
        shown: Sequence[np.ndarray],
        surprise: np.ndarray | None = None,
        looked: Attention | None = None,
    ) -> None:
        unlike = self.plain if surprise is None else surprise
        self.tables.append(to_rows(name, self.query, self.gold, logprobs, shown, unlike, looked))

    def _attention(self, weights: np.ndarray, lift: np.ndarray) -> Attention:
        """Read the chosen head off what `_looked` gives."""
        own = weights[:, self.head]
        total = own.sum(axis=1, keepdims=True)
        alike = np.full_like(own, 1 / own.shape[1])
        shares = np.divide(own, total, out=alike, where=total > 0)
        return Attention(self.head, shares, lift[:, self.head])

    def _looked(self, asked: Sequence[Asked], asker: Asker) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Read attention on labels (question, site, demonstration), its lift (question, site), and log p."""
        weights, lifts, logprobs = [], [], []
        for start in range(0, len(asked), AT_A_TIME):
            some = asked[start : start + AT_A_TIME]
            read, log_p = asker.attended(some)
            logprobs.append(log_p)
            for row, one in zip(read.rows, some, strict=True):
                own = demonstration_weights(row, one.layout)[AGGREGATIONS.index("label sum")]
                weights.append(own.reshape(-1, own.shape[-1]))
                lifts.append(masses(row, one.layout).label_lift.ravel())
        return np.stack(weights), np.stack(lifts), np.concatenate(logprobs)

    def _best_head(self) -> int:
        """Choose the head whose label vote is most often the model's answer, on questions of its own."""
        classes = np.stack([question.classes for question in self.choosing])
        weights, _, logprobs = self._looked(self.asker.encode(self.choosing), self.asker)
        votes = vote(weights, classes, len(self.task.classes))
        return int(agreement(votes, logprobs.argmax(axis=1)).mean(axis=0).argmax())

    def _alone(self, some: Sequence[Question]) -> list[Question]:
        return [replace(question, demonstrations=()) for question in some]


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure one task with one model and seed.

    Raises:
        StudyError: If a sentence encoder is asked for and not installed.
        TaskError: If a prompt is longer than the model's context, or the pool is too small.
        ModelError: If the model's attention cannot be read.
    """
    rare = rewriting.rare_synonyms(cell.tasks[1].source) if len(cell.tasks) > 1 else None
    with model.audited(cell.rng("audit")) as audit:
        session = Session(cell, model)
        queries = [question.query for question in session.some]
        pool = texts.Pool(session.asker, queries, session.params.sentence_encoder, session.rng)
        session.plainly()
        session.retrieved(pool)
        session.labels()
        session.inputs(rare)
        session.samples(pool)
    rows = pa.concat_tables(session.tables).unify_dictionaries().combine_chunks()
    notes = {**audit.notes(), "route": model.route, TOLD: _told(session.left_out) + session.asker.told()}
    return Measured(rows=rows, notes=notes)


def _told(left_out: Sequence[str]) -> list[str]:
    reasons = {conditions.RARE: "no thesaurus is named"}
    return [f"{name}: left out, {reasons.get(name, 'they start alike for this model')}." for name in left_out]
