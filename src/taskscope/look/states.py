"""What one capture pass reads: the prompt's own states, and those of the built-in tasks' prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from taskscope.errors import TaskError
from taskscope.look.nearest import Ranking, References, rank
from taskscope.look.parse import Reading
from taskscope.look.references import MOST_DEMONSTRATIONS, Episode, dummies, episodes

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


@dataclass(frozen=True)
class States:
    """What the capture pass read."""

    own: np.ndarray
    """(block, d_model): the last token's residual."""
    theta: np.ndarray | None
    """(block, d_model): mean over the dummies; None with fewer than two demonstrations."""
    ranking: Ranking | None
    """By the mean over all arrows, the query's too, which is not theta: with one state more, held-out prompts
    are named right more often, and a prompt with one demonstration has no theta (docs/look.md)."""
    checks: tuple[tuple[int, np.ndarray], ...]
    """Reference prompts of the nearest task: first token of the label, residual after the last block."""


def capture(model: LanguageModel, reading: Reading) -> States:
    """Read the prompt's states and the references' in one pass."""
    k = len(reading.demonstrations)
    texts = (*(reading.after(n) for n in dummies(k)), reading.prompt.text)
    known = fitting(model, episodes(reading.format, min(k, MOST_DEMONSTRATIONS))) if k else []
    read = at_arrows(model, [texts, *(episode.texts for episode in known)])
    arrows, own = read[: len(texts)], read[len(texts) - 1]
    theta = arrows[:-1].mean(axis=0) if len(arrows) > 1 else None
    if not known:
        return States(own, theta, None, ())
    states = read[len(texts) :].reshape(len(known), len(known[0].texts), *own.shape)
    ranking = rank(arrows.mean(axis=0), _references(known, states.mean(axis=1)))
    nearest = [i for i, e in enumerate(known) if e.task == ranking.tasks[0] and not e.nonsense]
    checks = [
        (token, states[i, n, -1])
        for i in nearest
        for n, token in enumerate(_first_tokens(model, known[i]))
        if token is not None
    ]
    return States(own, theta, ranking, tuple(checks))


def at_arrows(model: LanguageModel, prompts: Sequence[Sequence[str]]) -> np.ndarray:
    """Read the last token of texts that end in an arrow, in one pass: float32 (text, block, d_model).

    A prompt up to one of its arrows is the beginning of the whole prompt. Where its tokens are too, its state
    is read from the row of the whole one, and the text costs no token of its own.

    Args:
        model: The model.
        prompts: By prompt its texts, the whole of it last.
    """
    rows: list[str] = []
    position: list[int] = []
    for texts in prompts:
        encoded = model.encoder.encode_all(texts)
        for text, ids in zip(texts, encoded, strict=True):
            rows.append(texts[-1] if encoded[-1][: len(ids)] == ids else text)
            position.append(len(ids) - 1)
    return model.capture(rows, position=position)


def fitting(model: LanguageModel, drawn: Sequence[Episode]) -> list[Episode]:
    """Keep the tasks all of whose reference prompts fit into the context; none if fewer than two do."""
    too_long = set()
    for episode in drawn:
        try:
            model.encoder.encode_all(episode.texts)
        except TaskError:
            too_long.add(episode.task)
    kept = [episode for episode in drawn if episode.task not in too_long]
    return kept if len({episode.task for episode in kept}) > 1 else []


def _references(known: Sequence[Episode], states: np.ndarray) -> References:
    """Sort the states of prompts (episode, block, d_model) by task and kind."""
    tasks = tuple(dict.fromkeys(episode.task for episode in known))

    def of(task: str, nonsense: bool) -> np.ndarray:
        mine = [i for i, e in enumerate(known) if e.task == task and e.nonsense == nonsense]
        return states[mine]

    return References(tasks, np.stack([of(t, False) for t in tasks]), np.stack([of(t, True) for t in tasks]))


def _first_tokens(model: LanguageModel, episode: Episode) -> list[int | None]:
    """Return the first token of each label; None where a label does not start at a token boundary."""
    found: list[int | None] = []
    for text, answer in zip(episode.texts, episode.answers, strict=True):
        try:
            found.append(model.encode_pair(text, answer)[1][0])
        except TaskError:
            found.append(None)
    return found
