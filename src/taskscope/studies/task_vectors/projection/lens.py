"""Translators for every block, tuned on plain text and on prompts of other kinds of tasks (E6 iii).

A map tuned on text alone comes nearer on text, yet may read the last arrow of a list worse than no map does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from taskscope.errors import TaskError
from taskscope.studies.randomness import stream
from taskscope.tasks.paragraphs import paragraphs

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel
    from taskscope.models.tuned_lens import Translator

HELD_OUT = 2
"""Texts, the last ones by name, on which no translator is tuned."""
STATE_BYTES = 1 << 28
"""Memory for the states of plain text that are held at a time."""


@dataclass(frozen=True)
class Prompts:
    """The prompts of one task from which thetas and their controls are read, kind by kind."""

    group: str
    """Of the task."""
    texts: dict[str, list[str]]
    states: dict[str, np.ndarray]
    """Kind -> (prompt, block, d_model), at the last token, of all blocks."""


@dataclass(frozen=True)
class Tuned:
    """The translators of one block, and how far both lenses are off on held-out text."""

    block: int
    of_task: dict[str, Translator]
    """For every task the one tuned without its prompts and those of its relatives."""
    text: np.ndarray
    """(state,) the piece of held-out text that each state is of."""
    logit: np.ndarray
    """(state,) nats, without a translator."""
    tuned: np.ndarray
    """(state,) nats, with one; mean over them."""


def folds(groups: Mapping[str, str]) -> list[list[str]]:
    """Divide tasks (name -> group) so that none is read by a map that was tuned on its relatives.

    By group, for translations to two languages or plural and singular share their words; within one group by
    name, every second one.
    """
    names = sorted(groups)
    by_group = [[name for name in names if groups[name] == group] for group in sorted(set(groups.values()))]
    halves = [half for half in (names[::2], names[1::2]) if half]
    return by_group if len(by_group) > 1 else halves


def translators(
    model: LanguageModel, prompts: Mapping[str, Prompts], steps: int, seed: int
) -> Iterator[Tuned]:
    """Tune translators for every block, one for each fold of tasks; those of the last block change nothing.

    Each is tuned on text and on the prompts of the tasks outside its fold, but for texts that are prompts in
    the fold as well, as a word without demonstrations may be. States of all prompts are held at all blocks.

    Args:
        model: The model.
        prompts: Of every task that is read.
        steps: Of gradient descent, for each translator.
        seed: Draws the order in which states are seen.

    Raises:
        TaskError: If no text can be read.
    """
    known = paragraphs()
    tuned_on, held_out = _pieces(known[:-HELD_OUT], model), _pieces(known[-HELD_OUT:], model)
    if not tuned_on or not held_out:
        raise TaskError("no plain text that the model can read", "a context of a few tokens")
    parts = folds({task: each.group for task, each in prompts.items()})
    lent = [_lent(prompts, fold) for fold in parts]
    end = model.n_blocks - 1
    n_states = sum(model.encoder.count([*tuned_on, *held_out]))
    at_a_time = max(1, STATE_BYTES // (4 * model.d_model * n_states) - 1)
    for start in range(0, end + 1, at_a_time):
        blocks = list(range(start, min(start + at_a_time, end + 1)))
        read = blocks if end in blocks else [*blocks, end]
        states, _ = _states(tuned_on, read, model)
        held, text = _states(held_out, read, model)
        for place, block in enumerate(blocks):
            own, wanted = held[:, place], held[:, -1]
            of_task, off = {}, []
            for fold, others in zip(parts, lent, strict=True):
                translate = model.tune_lens(
                    np.concatenate([states[:, place], *(some[chosen, block] for some, chosen in others)]),
                    np.concatenate([states[:, -1], *(some[chosen, end] for some, chosen in others)]),
                    steps if block < end else 0,
                    stream("task-vectors tuned lens", seed, block, fold),
                )
                of_task |= dict.fromkeys(fold, translate)
                off.append(model.divergences(translate(own), wanted))
            yield Tuned(
                block=block,
                of_task=of_task,
                text=text,
                logit=model.divergences(own, wanted),
                tuned=np.mean(off, axis=0),
            )


def _lent(prompts: Mapping[str, Prompts], fold: Sequence[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Find what a fold's map is tuned on beside text: states of other tasks, each with the rows to take."""
    own = {text for task in fold for texts in prompts[task].texts.values() for text in texts}
    return [
        (states, np.flatnonzero([text not in own for text in each.texts[kind]]))
        for task, each in prompts.items()
        if task not in fold
        for kind, states in each.states.items()
    ]


def _pieces(texts: Sequence[Sequence[str]], model: LanguageModel) -> list[str]:
    return [piece for text in texts for part in text for piece in pieces(part, model)]


def pieces(text: str, model: LanguageModel) -> list[str]:
    """Cut a text, at spaces, into pieces of two tokens or more that the model takes; others are left out."""
    count = model.encoder.count([text])[0]
    if count <= model.encoder.context:
        return [text] if count > 1 else []
    words = text.split(" ")
    if len(words) < 2:
        return []
    halves = words[: len(words) // 2], words[len(words) // 2 :]
    return [piece for half in halves for piece in pieces(" ".join(half), model)]


def _states(
    texts: Sequence[str], blocks: Sequence[int], model: LanguageModel
) -> tuple[np.ndarray, np.ndarray]:
    """Read the residuals of plain text, (state, block, d_model), and the text that each is of, (state,).

    The first token is left out: its state is that of no text, and in many models unlike all others.
    """
    lengths = model.encoder.count(texts)
    repeated = [text for text, n in zip(texts, lengths, strict=True) for _ in range(1, n)]
    places = [place for n in lengths for place in range(1, n)]
    number = np.repeat(np.arange(len(texts)), np.array(lengths) - 1)
    return model.capture(repeated, blocks=blocks, position=places), number
