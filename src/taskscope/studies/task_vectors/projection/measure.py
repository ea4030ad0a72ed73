"""Reading measured thetas through the vocabulary: the final norm, then the head (protocol E6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.errors import TaskError
from taskscope.studies.task_vectors.geometry.rows import THETA
from taskscope.studies.task_vectors.params import ThetaParams
from taskscope.studies.task_vectors.projection.draws import panel_prompts
from taskscope.studies.task_vectors.projection.rows import (
    CENTRED,
    DEEPEST,
    KINDS,
    OF_ALL_SETS,
    PART,
    SCHEMA,
    to_rows,
)
from taskscope.studies.task_vectors.projection.words import Lexicon, lexicon
from taskscope.tasks.prompts import get_format

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

N_TOP = 20
"""Tokens that are shown, as published."""
_READ_AT_A_TIME = 256


def project(
    states: dict[str, np.ndarray], task: str, seed: int, params: ThetaParams, model: LanguageModel
) -> pa.Table:
    """Read the states of one task out; no rows where the model's class has no plain read-out.

    Args:
        states: Kind -> (set, dummy, block, d_model).
        task: Name.
        seed: Draws the other tasks whose mean is subtracted.
        params: Sizes.
        model: The model.
    """
    if not model.reads_out:
        return SCHEMA.empty_table()
    known = lexicon(model.tokenizer)
    tables = read_sets({kind: states[kind].mean(axis=1) for kind in KINDS}, known, model)
    own = states[THETA].mean(axis=(0, 1))
    centred = own - _mean_of_others(task, seed, params, model)
    tables.append(_rows_of_mean(CENTRED, centred[None], known, model, PART))
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def read_sets(
    thetas: dict[str, np.ndarray], known: Lexicon, model: LanguageModel, part: str = PART
) -> list[pa.Table]:
    """Read the states of every set, and their mean, whose most likely tokens are kept too.

    Args:
        thetas: Kind -> (set, block, d_model).
        known: The words that can be read.
        model: The model.
        part: What the rows are a part of.
    """
    tables = []
    for kind, states in thetas.items():
        rows = _rows(kind, states, known, model, part)
        tables += [rows, _rows_of_mean(kind, states, known, model, part)]
    return tables


def _mean_of_others(task: str, seed: int, params: ThetaParams, model: LanguageModel) -> np.ndarray:
    """Mean theta (block, d_model) of the panel, zeros where none of its prompts fits into the context."""
    prompts = panel_prompts(task, seed, params, get_format(params.format))
    fitting = [text for some in prompts if _fit(some, model) for text in some]
    return model.capture(fitting).mean(axis=0) if fitting else np.zeros((model.n_blocks, model.d_model))


def _fit(texts: list[str], model: LanguageModel) -> bool:
    try:
        model.encoder.encode_all(texts)
    except TaskError:
        return False
    return True


def _rows(kind: str, thetas: np.ndarray, known: Lexicon, model: LanguageModel, part: str) -> pa.Table:
    n_sets, n_blocks, width = thetas.shape
    read, outputs, _ = _read(thetas.reshape(-1, width), known, model, top=False)
    shape = (n_sets, n_blocks, -1)
    return to_rows(
        kind,
        range(n_sets),
        known.words,
        known.tasks,
        read.reshape(*shape[:2], read.shape[1]),
        outputs.reshape(*shape[:2], outputs.shape[1]),
        [None] * (n_sets * n_blocks),
        part,
    )


def _rows_of_mean(kind: str, thetas: np.ndarray, known: Lexicon, model: LanguageModel, part: str) -> pa.Table:
    read, outputs, top = _read(thetas.mean(axis=0), known, model, top=True)
    return to_rows(kind, [OF_ALL_SETS], known.words, known.tasks, read[None], outputs[None], top, part)


def _read(
    states: np.ndarray, known: Lexicon, model: LanguageModel, *, top: bool
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Read states (state, d_model) out: words (state, word), outputs (state, task), most likely tokens."""
    words, outputs, shown = [], [], []
    for start in range(0, len(states), _READ_AT_A_TIME):
        logits = model.read_out(states[start : start + _READ_AT_A_TIME])
        words.append(_by_list(logits, known.tokens, best=True))
        outputs.append(_by_list(logits, known.outputs, best=False))
        shown += [_top(row, model) for row in logits] if top else []
    return np.concatenate(words), np.concatenate(outputs), shown


def _by_list(logits: np.ndarray, lists: tuple[tuple[int, ...], ...], *, best: bool) -> np.ndarray:
    """Take the best, or the mean, of the reciprocal ranks of each list's tokens: (state, list)."""
    flat = np.array([token for tokens in lists for token in tokens], dtype=np.int64)
    ranks = reciprocal_ranks(logits, flat)
    found, start = np.zeros((len(logits), len(lists))), 0
    for i, tokens in enumerate(lists):
        own = ranks[:, start : start + len(tokens)]
        start += len(tokens)
        if len(tokens):
            found[:, i] = own.max(axis=1) if best else own.mean(axis=1)
    return found


def reciprocal_ranks(logits: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Return 1 / rank of some tokens in each state, 0 below rank `DEEPEST`.

    A token's rank is one more than the number of tokens with a larger logit.

    Args:
        logits: (state, vocabulary).
        tokens: (token,) ids.

    Returns:
        (state, token) float64.
    """
    deepest = min(DEEPEST, logits.shape[1])
    best = np.sort(np.partition(logits, logits.shape[1] - deepest, axis=1)[:, -deepest:], axis=1)
    wanted = logits[:, tokens]
    larger = np.stack(
        [deepest - np.searchsorted(b, w, side="right") for b, w in zip(best, wanted, strict=True)]
    )
    return np.where(wanted >= best[:, :1], 1.0 / (1 + larger), 0.0)


def _top(logits: np.ndarray, model: LanguageModel) -> str:
    """Decode the most likely tokens as they are published: stripped, alphabetic, no two alike."""
    found: dict[str, str] = {}
    for token in np.argsort(-logits, kind="stable")[: 5 * N_TOP]:
        piece = model.tokenizer.decode([int(token)]).strip()
        if piece.isalpha():
            found.setdefault(piece.casefold(), piece)
    return "\n".join(list(found.values())[:N_TOP])
