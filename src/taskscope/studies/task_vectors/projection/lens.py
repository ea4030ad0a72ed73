"""Translators for every block, tuned on plain text and on other tasks' prompts (E6 iii).

On text alone a map comes near on text, yet reads the last arrow of a list worse than no map does.
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
class Tuned:
    """The translators of one block, and how far both lenses are off on held-out text."""

    block: int
    of_task: dict[str, Translator]
    """For every task the one tuned without prompts of its own."""
    text: np.ndarray
    """(state,) the piece of held-out text that each state is of."""
    logit: np.ndarray
    """(state,) nats, without a translator."""
    tuned: np.ndarray
    """(state,) nats, with one; mean over them."""


def translators(
    model: LanguageModel, prompts: Mapping[str, np.ndarray], steps: int, seed: int
) -> Iterator[Tuned]:
    """Tune two translators for every block, for the tasks each has not seen; those of the last do nothing.

    Every second task by name is one half. A translator is tuned on text and on the prompts of the other half.

    Args:
        model: The model.
        prompts: Task -> (state, block, d_model), at the last token of its prompts, of all blocks.
        steps: Of gradient descent, for each block.
        seed: Draws the order in which states are seen.

    Raises:
        TaskError: If no text can be read.
    """
    known = paragraphs()
    tuned_on, held_out = _pieces(known[:-HELD_OUT], model), _pieces(known[-HELD_OUT:], model)
    if not tuned_on or not held_out:
        raise TaskError("no plain text that the model can read", "a context of a few tokens")
    halves = [half for half in (sorted(prompts)[start::2] for start in range(2)) if half]
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
            of_task, tuned = {}, []
            for number, half in enumerate(halves):
                others = [prompts[task] for task in prompts if task not in half]
                translate = model.tune_lens(
                    np.concatenate([states[:, place], *(some[:, block] for some in others)]),
                    np.concatenate([states[:, -1], *(some[:, end] for some in others)]),
                    steps if block < end else 0,
                    stream("task-vectors tuned lens", seed, block, number),
                )
                of_task |= dict.fromkeys(half, translate)
                tuned.append(model.divergences(translate(own), wanted))
            yield Tuned(
                block=block,
                of_task=of_task,
                text=text,
                logit=model.divergences(own, wanted),
                tuned=np.mean(tuned, axis=0),
            )


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
