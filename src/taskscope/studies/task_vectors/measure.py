"""Measuring one cell: read theta, sweep it and its controls over all blocks, ask the unmodified model.

The only part of the study that touches a model (protocol E0, E1, E8; algorithm 6.3, 6.4, 6.10).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.errors import StudyError
from taskscope.runs.cell import Cell, Measured
from taskscope.studies.task_vectors.conditions import (
    BASELINE,
    HYPOTHESIS,
    OTHER_TASK,
    RANDOM,
    REGULAR,
    REGULAR_SHUFFLED,
    SCHEMA,
    SEPARATOR,
    SHUFFLED,
    ZERO,
)
from taskscope.studies.task_vectors.draws import Pair, pairs
from taskscope.studies.task_vectors.params import CellParams
from taskscope.studies.task_vectors.shots.rows import to_rows as to_shot_rows
from taskscope.studies.task_vectors.training_rows import age_rows
from taskscope.tasks import registry
from taskscope.tasks.prompts import get_format
from taskscope.tasks.task import MappingTask

if TYPE_CHECKING:
    from taskscope.models.answering import Answers
    from taskscope.models.language_model import LanguageModel
    from taskscope.models.sweep import Sweep

VECTOR_BYTES = 1 << 28
"""Memory for the vectors of the pairs that are in work at a time."""

Outcome = dict[str, np.ndarray]
"""Column name -> (pair, block) values of one condition."""


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure one task with one model and seed.

    Raises:
        TaskError: If a task has too few items, or an answer does not start at a token boundary.
        StudyError: If a prompt is longer than the model's context; raised before anything is measured.
    """
    params = CellParams(**cell.params)
    task, other = (registry.resolve(ref) for ref in cell.tasks)
    drawn = pairs(task, other, cell.seed, params, get_format(params.format))
    longest = _check_length(drawn, params.k, model)
    noise = cell.rng("random vectors")
    tables, shots = [], []
    with model.audited(cell.rng("audit")) as audit:
        for part in _chunks(drawn, model):
            plain, by_shots = _unmodified(part, model)
            outcomes = {**plain, **_swept(part, model, noise)}
            tables += [_rows(task, part, condition, outcome) for condition, outcome in outcomes.items()]
            shots += by_shots
    notes = {
        **audit.notes(),
        "other_task": other.name,
        "longest_prompt_tokens": longest,
        "route": model.route,
    }
    rows = pa.concat_tables([*tables, *shots, *age_rows(model.tokens)], promote_options="default")
    return Measured(rows=rows.unify_dictionaries().combine_chunks(), notes=notes)


def _check_length(drawn: Sequence[Pair], k: int, model: LanguageModel) -> int:
    """Return the tokens of the longest prompt with its answer."""
    texts = []
    for pair in drawn:
        answer = max(pair.gold, key=len)
        texts += [pair.regular + answer, pair.regular_shuffled + answer, pair.bare + answer]
        texts += [*pair.theta, *pair.shuffled, *pair.other_task, *pair.separator]
    longest = max(len(ids) for ids in model.tokenizer(texts)["input_ids"])
    if longest > model.context:
        raise StudyError(
            f"{k} demonstrations make a prompt of {longest} tokens",
            f"at most {model.context}, the context of {model.label}",
            f"--set k={max(1, k * model.context // longest - 1)}",
        )
    return longest


def _chunks(drawn: Sequence[Pair], model: LanguageModel) -> Iterator[Sequence[Pair]]:
    """Cut the pairs so that their vectors, one per condition and block, stay within `VECTOR_BYTES`."""
    per_pair = 8 * model.n_blocks * model.d_model * 4
    size = max(1, VECTOR_BYTES // per_pair)
    for start in range(0, len(drawn), size):
        yield drawn[start : start + size]


def _unmodified(part: Sequence[Pair], model: LanguageModel) -> tuple[dict[str, Outcome], list[pa.Table]]:
    """Ask the model without any edit: (pair, 1) columns, and rows by number of demonstrations (6.9).

    One call for all, so that all prompts of one S share its encoding: a query after each of its
    demonstrations is a branch, and costs the query's own tokens.
    """
    prompts = {
        BASELINE: [pair.bare for pair in part],
        REGULAR: [pair.regular for pair in part],
        REGULAR_SHUFFLED: [pair.regular_shuffled for pair in part],
    }
    test = [i for i, pair in enumerate(part) if pair.split == "test"]
    fewer = {
        REGULAR: [text for i in test for text in part[i].fewer],
        REGULAR_SHUFFLED: [text for i in test for text in part[i].fewer_shuffled],
    }
    again = [part[i] for i in test for _ in part[i].fewer] * len(fewer)
    asked = [*list(part) * len(prompts), *again]
    answers = {"gold": [pair.gold for pair in asked], "leak": [pair.leak for pair in asked]}
    texts = [text for by_name in (prompts, fewer) for some in by_name.values() for text in some]
    said = model.answer(texts, answers)
    first = _first_tokens(part, model)
    n = len(part)
    outcomes = {
        condition: _unmodified_outcome(said, first, slice(i * n, (i + 1) * n))
        for i, condition in enumerate(prompts)
    }
    right = said.correct["gold"][len(prompts) * n :].reshape(len(fewer), len(test), -1)
    return outcomes, _by_shots([part[i] for i in test], test, outcomes, dict(zip(fewer, right, strict=True)))


def _by_shots(
    pairs: Sequence[Pair], places: Sequence[int], outcomes: dict[str, Outcome], fewer: dict[str, np.ndarray]
) -> list[pa.Table]:
    """Lay out accuracy from no demonstration to all; `fewer` by condition (pair, demonstrations - 1)."""
    numbers, clusters = [pair.number for pair in pairs], [pair.query.cluster for pair in pairs]
    tables = []
    for condition, some in fewer.items():
        none, every = (outcomes[name]["correct"][list(places)] for name in (BASELINE, condition))
        for shots, correct in enumerate(np.concatenate([none, some, every], axis=1).T if pairs else ()):
            tables.append(to_shot_rows(numbers, clusters, condition, shots, correct))
    return tables


def _unmodified_outcome(said: Answers, first: Sequence[frozenset[int]], own: slice) -> Outcome:
    return {
        "block": np.full((len(first), 1), -1),
        "correct": said.correct["gold"][own, None],
        "first_correct": _is_first(said.first_token[own, None], first),
        "leak": said.correct["leak"][own, None],
        "logprob": said.logprob["gold"][own, None],
    }


def _swept(part: Sequence[Pair], model: LanguageModel, noise: np.random.Generator) -> dict[str, Outcome]:
    """Overwrite the last residual of the bare query after every block in turn: (pair, block) columns."""
    swept = model.sweep(
        [pair.bare for pair in part],
        _vectors(part, model, noise),
        {"gold": [pair.gold for pair in part], "leak": [pair.leak for pair in part]},
    )
    first = _first_tokens(part, model)
    return {condition: _swept_outcome(swept, i, first) for i, condition in enumerate(swept.conditions)}


def _swept_outcome(swept: Sweep, i: int, first: Sequence[frozenset[int]]) -> Outcome:
    return {
        "block": np.broadcast_to(np.array(swept.blocks), swept.first_token[i].shape),
        "correct": swept.correct["gold"][i],
        "first_correct": _is_first(swept.first_token[i], first),
        "leak": swept.correct["leak"][i],
        "logprob": swept.logprob["gold"][i],
    }


def _vectors(part: Sequence[Pair], model: LanguageModel, noise: np.random.Generator) -> dict[str, np.ndarray]:
    """Read theta and make its controls, each (pair, block, d_model) float32 (protocol section 2, E8)."""
    texts = {
        HYPOTHESIS: [text for pair in part for text in pair.theta],
        SHUFFLED: [text for pair in part for text in pair.shuffled],
        OTHER_TASK: [text for pair in part for text in pair.other_task],
        SEPARATOR: [text for pair in part for text in pair.separator],
    }
    vectors = {}
    for condition, prompts in texts.items():
        states = model.capture(prompts)
        vectors[condition] = states.reshape(len(part), -1, *states.shape[1:]).mean(axis=1)
    theta = vectors[HYPOTHESIS]
    random = noise.standard_normal(theta.shape, dtype=np.float32)
    length = np.linalg.norm(theta, axis=-1, keepdims=True) / np.linalg.norm(random, axis=-1, keepdims=True)
    return {**vectors, RANDOM: random * length, ZERO: np.zeros_like(theta)}


def _first_tokens(part: Sequence[Pair], model: LanguageModel) -> list[frozenset[int]]:
    """Return, per pair, the tokens that an accepted answer starts with."""
    return [frozenset(model.encode_pair(pair.bare, text)[1][0] for text in pair.gold) for pair in part]


def _is_first(token: np.ndarray, first: Sequence[frozenset[int]]) -> np.ndarray:
    """Check tokens (pair, block) against each pair's accepted first tokens."""
    return np.stack([np.isin(row, list(accepted)) for row, accepted in zip(token, first, strict=True)])


def _rows(task: MappingTask, part: Sequence[Pair], condition: str, outcome: Outcome) -> pa.Table:
    """Lay one condition's outcomes out as rows, pair by pair."""
    n_pairs, n_blocks = outcome["block"].shape
    labels = [pair.query.label for pair in part]
    counts = task.label_counts
    most_frequent = max(sorted(counts), key=counts.__getitem__)

    def text(values: Sequence[str]) -> pa.DictionaryArray:
        codes, names = np.unique(values, return_inverse=True)[::-1]
        return pa.DictionaryArray.from_arrays(
            pa.array(np.repeat(codes, n_blocks), pa.int32()), names.tolist()
        )

    columns = {
        "split": text([pair.split for pair in part]),
        "pair": pa.array(np.repeat([pair.number for pair in part], n_blocks), pa.int32()),
        "cluster": text([pair.query.cluster for pair in part]),
        "label": text(labels),
        "label_share": pa.array(np.repeat([counts[y] / len(task.items) for y in labels], n_blocks)),
        "majority": pa.array(np.repeat([y == most_frequent for y in labels], n_blocks)),
        "condition": text([condition] * n_pairs),
        "block": pa.array(outcome["block"].ravel(), pa.int32()),
        "correct": pa.array(outcome["correct"].ravel()),
        "first_correct": pa.array(outcome["first_correct"].ravel()),
        "leak": pa.array(outcome["leak"].ravel()),
        "logprob": pa.array(outcome["logprob"].ravel(), pa.float32()),
    }
    return pa.table(columns, schema=SCHEMA)
