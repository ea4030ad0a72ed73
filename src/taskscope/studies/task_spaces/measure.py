"""Measuring: scores, gradients and overlaps of all tasks in one cell; tuning on one task in another.

Encoding, splitting and laying out happen once a cell; after that only weights change. Everything that is
scored goes through one list of pairs, sorted by length with all tasks together (protocol task_spaces 5.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from taskscope.models import contrasts, gradients
from taskscope.models.contrasts import Contrasts
from taskscope.models.first_order import Step
from taskscope.models.gradients import Gradient, Mask
from taskscope.models.overlap import compare
from taskscope.models.raised import raised
from taskscope.models.tuning import Tuned
from taskscope.models.untrained import untrained
from taskscope.runs.cell import Cell, Measured
from taskscope.studies.task_spaces import overlaps
from taskscope.studies.task_spaces.apart import apart
from taskscope.studies.task_spaces.choosing import Half, halves
from taskscope.studies.task_spaces.damage.measure import OtherText, compare_at_equal_gain
from taskscope.studies.task_spaces.masks import choose
from taskscope.studies.task_spaces.params import (
    APART,
    N_STEPPED,
    PLAIN,
    TUNED,
    ProbeCell,
    ProbeParams,
    TransferParams,
)
from taskscope.studies.task_spaces.rows import PAIR, SCORE, SIZE, STEP, TRANSFER, to_rows
from taskscope.studies.task_spaces.ways import tune_on
from taskscope.tasks import pair_registry
from taskscope.tasks.minimal_pairs import MinimalPair, Paradigm

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

_SMALL = 0.05
"""What a step taken as a check gains on its own task if prediction holds, standard deviations of margins."""
_HELD = 0.9
"""Share of the squared gradient whose holders are counted."""


def encode(model: LanguageModel, pairs: Sequence[MinimalPair]) -> Contrasts:
    """Encode pairs for scoring and for gradients."""
    return model.contrasts([(pair.good, pair.bad) for pair in pairs])


@dataclass(frozen=True)
class _Judged:
    """The pairs of one half of every task that are scored, all in one list."""

    paradigms: tuple[Paradigm, ...]
    each: list[Contrasts]
    """Of each task."""
    pairs: Contrasts
    """Of all of them."""

    @classmethod
    def of(cls, model: LanguageModel, paradigms: tuple[Paradigm, ...], parts: Sequence[Half]) -> _Judged:
        encoded = [encode(model, part.judged) for part in parts]
        return cls(paradigms, encoded, contrasts.join(encoded))

    def margins(self, model: LanguageModel) -> list[np.ndarray]:
        """Score all pairs under the model's present weights: for each task (pair,), nats."""
        scores = model.score_contrasts(self.pairs)
        return np.split(scores[:, 0] - scores[:, 1], np.cumsum([len(each) for each in self.each])[:-1])

    def records(self, model: LanguageModel, **same: object) -> list[dict[str, object]]:
        """Score all pairs under the model's present weights, a record for each task."""
        return [
            {"judged": p.name, "phenomenon": p.short, "margins": m.astype(np.float32).tolist(), **same}
            for p, m in zip(self.paradigms, self.margins(model), strict=True)
        ]

    def described(self, model: LanguageModel, **same: object) -> list[dict[str, object]]:
        """Score all pairs likewise, and say what no tuning changes: fields, and which tokens differ."""
        scored = self.records(model, part=SCORE, **same)
        return [
            {**record, "field": p.field, "longer": e.longer.tolist(), "commoner": e.commoner.tolist()}
            for record, p, e in zip(scored, self.paradigms, self.each, strict=True)
        ]


def probe(cell: Cell, model: LanguageModel) -> Measured:
    """Score every task under the unchanged weights, and compare tasks by gradients and words (E0, E6, E8).

    Raises:
        StudyError: If a task has too few pairs.
        TaskError: If a sentence is too long for the model, or a task has changed since planning.
    """
    params, model, notes = ProbeCell(**cell.params), *as_float32(model)
    paradigms = tuple(map(pair_registry.resolve, cell.tasks))
    parts = [halves(paradigm, cell.seed, params) for paradigm in paradigms]
    records: list[dict[str, object]] = []
    by_half = [[each[number] for each in parts] for number in range(len(parts[0]))]
    judged = [_Judged.of(model, paradigms, each) for each in by_half]
    with model.audited(cell.rng("audit")) as audit:
        for number, each in enumerate(judged):
            records += each.described(model, half=number)
        records += _scored_apart(model, paradigms, cell.seed, params)
    for number, each in enumerate(judged):
        records += _steps(model, each, by_half[number], number, params)
    training = [[pair for half in each for pair in half.train] for each in parts]
    encoded = [encode(model, pairs) for pairs in training]
    chosen = [_chosen(model, pairs, params) for pairs in encoded]
    for paradigm, (gradient, _) in zip(paradigms, chosen, strict=True):
        size = {"judged": paradigm.name, "phenomenon": paradigm.short, **_size(gradient, params)}
        records.append({"part": SIZE, "weights": model.id, **size, **params.place_in_rows})
    ours = compare(chosen)
    blank = untrained(model)
    theirs = compare(_chosen(blank, pairs, params) for pairs in encoded)
    words = [[overlaps.contrast(pairs, n) for pairs in training] for n in (1, 2)]
    for i, first in enumerate(paradigms):
        records += [
            {
                "part": PAIR,
                "judged": first.name,
                "phenomenon": first.short,
                "tuned": second.name,
                "gradient": float(ours.cosine[i, j]),
                "overlap": float(ours.overlap[i, j]),
                "untrained": float(theirs.cosine[i, j]),
                "words": overlaps.cosine(words[0][i], words[0][j]),
                "word_pairs": overlaps.cosine(words[1][i], words[1][j]),
            }
            for j, second in enumerate(paradigms)
            if i != j
        ]
    return Measured(rows=to_rows(records), notes={**audit.notes(), **notes})


def as_float32(model: LanguageModel) -> tuple[LanguageModel, dict[str, str]]:
    """Return the model to measure on, in float32, and what the cell says of it."""
    notes = {"route": model.route}
    if (higher := raised(model)) is not model:
        notes["weights"] = f"raised from {str(model.hf.dtype).removeprefix('torch.')} to float32"
    return higher, notes


def _scored_apart(
    model: LanguageModel, paradigms: tuple[Paradigm, ...], seed: int, params: ProbeParams
) -> list[dict[str, object]]:
    """Score the pairs that judge where pairs learned from and judged share no content word."""
    parts = apart(paradigms, seed, params)
    there = tuple(paradigm for paradigm in paradigms if paradigm.name in parts)
    if not there:
        return []
    judged = _Judged.of(model, there, [parts[paradigm.name] for paradigm in there])
    return judged.described(model, condition=APART, half=0)


def _size(gradient: Gradient, params: ProbeParams) -> dict[str, float]:
    """Say how many weights a task concerns, by a fixed threshold and free of scale (3.8)."""
    above = gradients.above(gradient, params.threshold)
    return {
        "above": sum(int(kept.sum()) for kept in above.values())
        / sum(kept.numel() for kept in above.values()),
        "holding": gradients.holding(gradient, _HELD),
    }


def _steps(
    model: LanguageModel, judged: _Judged, parts: Sequence[Half], half: int, params: ProbeParams
) -> list[dict[str, object]]:
    """Tell from gradients what a step on each task does to all; in the first half, take some of the steps."""
    directions, lengths = [], []
    for part in parts:
        pairs = encode(model, part.train)
        gradient, margins = gradients.margin(model.executor, pairs)
        directions.append(Step.of(gradient, choose(model, pairs, gradient, params)))
        lengths.append(_SMALL * float(margins.std()) / max(directions[-1].square, 1e-12))
    slopes, first = np.zeros((len(parts), len(parts))), []
    for j, pairs in enumerate(judged.each):
        gradient, margins = gradients.margin(model.executor, pairs)
        first.append(float(margins.mean()))
        slopes[:, j] = [each.along(gradient) / max(each.square, 1e-12) for each in directions]
    found = []
    for i, own in enumerate(judged.paradigms):
        stepped: list[float] | None = None
        if half == 0 and i < N_STEPPED and lengths[i] > 0:
            with model.edited(directions[i].delta(lengths[i])):
                after = [float(each.mean()) for each in judged.margins(model)]
            gain = lengths[i] * directions[i].square
            stepped = [(later - before) / gain for later, before in zip(after, first, strict=True)]
        found += [
            {
                "part": STEP,
                "judged": other.name,
                "phenomenon": other.short,
                "tuned": own.name,
                "half": half,
                "slope": float(slopes[i, j]),
                "stepped": None if stepped is None else stepped[j],
            }
            for j, other in enumerate(judged.paradigms)
        ]
    return found


def transfer(cell: Cell, model: LanguageModel) -> Measured:
    """Tune on the first of the cell's tasks in every way, and score all of them after each (E1, E2).

    Raises:
        ModelError: If tuning leads to numbers that are none.
        StudyError: If a task has too few pairs, or no weight is chosen.
        TaskError: As for `probe`.
    """
    params, model, notes = TransferParams(**cell.params), *as_float32(model)
    paradigms = tuple(map(pair_registry.resolve, cell.tasks))
    own, *_ = paradigms
    ordered = tuple(sorted(paradigms, key=lambda paradigm: paradigm.name))
    parts = [halves(paradigm, cell.seed, params) for paradigm in ordered]
    records: list[dict[str, object]] = []
    other = OtherText(model) if {TUNED, PLAIN} <= set(params.conditions) else None
    for number, half in enumerate(halves(own, cell.seed, params)):
        judged = _Judged.of(model, ordered, [each[number] for each in parts])
        pairs, deltas = encode(model, half.train), {}
        for condition in params.conditions:
            if condition != APART:
                rng = cell.rng(f"{condition} {number}")
                found = tune_on(model, pairs, condition, params, rng)
                deltas[condition] = found.delta
                records += _after(model, judged, found, condition, own.name, number)
        if other is not None:
            told = {"judged": own.name, "phenomenon": own.short, "tuned": own.name, "half": number}
            own_judged = judged.each[ordered.index(own)]
            records += [
                {**told, **record}
                for record in compare_at_equal_gain(model, other, pairs, own_judged, deltas)
            ]
    if APART in params.conditions:
        records += _tuned_apart(cell, model, own, ordered, params)
    return Measured(rows=to_rows(records), notes=notes)


def _tuned_apart(
    cell: Cell, model: LanguageModel, own: Paradigm, ordered: tuple[Paradigm, ...], params: TransferParams
) -> list[dict[str, object]]:
    """Tune by gradient differences where pairs learned from and judged share no content word."""
    parts = apart(ordered, cell.seed, params)
    if own.name not in parts:
        return []
    there = tuple(paradigm for paradigm in ordered if paradigm.name in parts)
    judged = _Judged.of(model, there, [parts[paradigm.name] for paradigm in there])
    found = tune_on(model, encode(model, parts[own.name].train), APART, params, cell.rng(APART))
    return _after(model, judged, found, APART, own.name, 0)


def _after(
    model: LanguageModel, judged: _Judged, found: Tuned, condition: str, own: str, half: int
) -> list[dict[str, object]]:
    """Score all tasks with a change put on."""
    told = {"steps": found.steps, "changed": found.delta.n_changed, "norm": found.delta.norm}
    with model.edited(found.delta):
        return judged.records(model, part=TRANSFER, condition=condition, tuned=own, half=half, **told)


def _chosen(model: LanguageModel, pairs: Contrasts, params: ProbeParams) -> tuple[Gradient, Mask]:
    gradient, _ = gradients.margin(model.executor, pairs)
    return gradient, choose(model, pairs, gradient, params)
