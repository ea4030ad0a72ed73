"""Measuring attention weights: every head's vote on every question, and the controls (M0, M1, M2, M12)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.models.untrained import untrained
from taskscope.runs.cell import TOLD, Cell, Measured
from taskscope.studies.kernel_regression.asking import Asked, Asker
from taskscope.studies.kernel_regression.draws import Question, questions
from taskscope.studies.kernel_regression.params import WeightParams
from taskscope.studies.kernel_regression.templates import template_for
from taskscope.studies.kernel_regression.weights import conditions
from taskscope.studies.kernel_regression.weights.aggregating import (
    AGGREGATIONS,
    PUBLISHED,
    demonstration_weights,
    vote_shares,
)
from taskscope.studies.kernel_regression.weights.masses import masses, strip
from taskscope.studies.kernel_regression.weights.rows import (
    ONE_LABEL,
    PERMUTED,
    PLAIN,
    RANDOM_WEIGHTS,
    REORDERED,
    ZERO_SHOT,
    Row,
    strip_rows,
    to_rows,
)
from taskscope.studies.randomness import stream
from taskscope.tasks import classification_registry

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

SELECTION, HELD_OUT = "selection", "held-out"
AT_A_TIME = 64
"""Prompts whose rows of attention are held in memory together."""
LARGEST = 2_000_000_000
"""Parameters above which no second model is made: it may not fit beside the first."""


class Session:
    """One task in one template, one model, one seed."""

    def __init__(self, cell: Cell, model: LanguageModel) -> None:
        self.params = WeightParams(**cell.params)
        self.task = classification_registry.resolve(cell.tasks[0])
        self.model = model
        self.asker = Asker(self.task, model, template_for(self.params.template, self.task))
        self._rng = cell.rng
        p, (name, fingerprint) = self.params, (self.task.name, self.task.fingerprint)
        # Which questions are asked depends on no model and no template, so that both can be compared.
        self.selection = questions(
            self.task,
            SELECTION,
            p.n_selection,
            p.k,
            stream("kernel-regression questions", name, fingerprint, cell.seed, SELECTION, p.k),
        )
        self.held_out = questions(
            self.task,
            HELD_OUT,
            p.n_held_out,
            p.k,
            stream("kernel-regression questions", name, fingerprint, cell.seed, HELD_OUT, p.k),
        )
        self._number = {text.text: i for i, text in enumerate(self.task.test)}
        self._strips: list[np.ndarray] = []
        self.blocks: tuple[int, ...] = ()

    def measure(self) -> list[pa.Table]:
        """Ask everything, and return the rows."""
        rng = self._rng("conditions")
        rows = self.attended(self.selection, SELECTION, PLAIN)
        rows += self.attended(self.held_out, HELD_OUT, PLAIN)
        moved = [conditions.texts_permuted(each, rng) for each in self.held_out]
        rows += self.attended(moved, HELD_OUT, PERMUTED)
        for order in range(self.params.n_orders):
            other = [conditions.reordered(each, rng) for each in self.held_out]
            rows += self.answered(other, REORDERED, order)
        rows += self.answered(conditions.one_label(self.held_out, len(self.task.classes)), ONE_LABEL)
        rows += self.answered(conditions.zero_shot(self.held_out), ZERO_SHOT)
        tables = [to_rows(rows, self.params.template, len(self.task.classes))]
        if self._strips:
            mean = np.mean(self._strips, axis=0)
            tables.append(strip_rows(mean, self.blocks, self.params.k, self.params.template))
        return tables

    def attended(self, some: Sequence[Question], split: str, condition: str) -> list[Row]:
        """Ask questions, and read every head's vote and masses."""
        asked = self.asker.encode(some)
        rows = []
        for start in range(0, len(some), AT_A_TIME):
            batch = slice(start, start + AT_A_TIME)
            found, logprobs = self.asker.attended(asked[batch])
            self.blocks = found.blocks
            for one, question, log_p, row in zip(
                asked[batch], some[batch], logprobs, found.rows, strict=True
            ):
                rows.append(self._attended(one, question, log_p, row, split, condition))
                if (split, condition) == (HELD_OUT, PLAIN):
                    self._strips.append(strip(row, one.layout))
        return rows

    def answered(self, some: Sequence[Question], condition: str, order: int = 0) -> list[Row]:
        """Ask held-out questions, and read the answer alone."""
        logprobs = self.asker.logprobs(self.asker.encode(some))
        return [
            self._row(question, log_p, HELD_OUT, condition, order=order)
            for question, log_p in zip(some, logprobs, strict=True)
        ]

    def random_weights(self) -> pa.Table | None:
        """Read where a model with random weights looks; None where none can be made."""
        if sum(weight.numel() for weight in self.model.hf.parameters()) > LARGEST:
            return None
        other = untrained(self.model, int(self._rng("random weights").integers(2**31)))
        some = self.selection[: self.params.n_random]
        asked = self.asker.encode(some)
        found = other.last_rows([one.tokens for one in asked])
        nothing = np.full(len(self.task.classes), np.nan)
        rows = [
            self._row(
                question,
                nothing,
                SELECTION,
                RANDOM_WEIGHTS,
                blocks=found.blocks,
                masses=vars(masses(row, one.layout)),
            )
            for question, one, row in zip(some, asked, found.rows, strict=True)
        ]
        return to_rows(rows, self.params.template, len(self.task.classes))

    def _attended(
        self,
        asked: Asked,
        question: Question,
        logprobs: np.ndarray,
        row: np.ndarray,
        split: str,
        condition: str,
    ) -> Row:
        n_classes = len(self.task.classes)
        shares = vote_shares(demonstration_weights(row, asked.layout), question.classes, n_classes)
        return self._row(
            question,
            logprobs,
            split,
            condition,
            blocks=self.blocks,
            votes=shares.argmax(axis=-1).astype(np.int8),
            shares=shares[AGGREGATIONS.index(PUBLISHED)],
            masses=vars(masses(row, asked.layout)),
        )

    def _row(
        self,
        question: Question,
        logprobs: np.ndarray,
        split: str,
        condition: str,
        *,
        order: int = 0,
        blocks: tuple[int, ...] = (),
        votes: np.ndarray | None = None,
        shares: np.ndarray | None = None,
        masses: dict[str, np.ndarray] | None = None,
    ) -> Row:
        none = np.zeros(0, np.float32)
        return Row(
            split=split,
            condition=condition,
            query=self._number[question.query.text],
            order=order,
            gold=question.query.label,
            predicted=-1 if np.isnan(logprobs).any() else int(logprobs.argmax()),
            logprobs=logprobs,
            shown=question.classes,
            blocks=blocks,
            votes=none if votes is None else votes,
            shares=none if shares is None else shares,
            masses=masses or {},
        )


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure the attention weights of one task and template with one model and seed.

    Raises:
        TaskError: If labels cannot be told apart, or a prompt is longer than the model's context.
        ModelError: If the model's attention cannot be read.
    """
    session = Session(cell, model)
    with model.audited(cell.rng("audit")) as audit:
        tables = session.measure()
    told = session.asker.told()
    other = session.random_weights()
    if other is None:
        told.append(
            f"No model with random weights was made: a second one of more than {LARGEST:.0e} parameters may "
            "not fit beside the first."
        )
    else:
        tables.append(other)
    rows = pa.concat_tables(tables, promote_options="default").unify_dictionaries().combine_chunks()
    notes = {**audit.notes(), "route": model.route, "blocks": list(session.blocks), TOLD: told}
    return Measured(rows=rows, notes=notes)
