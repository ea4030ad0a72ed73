"""Bringing two ways of tuning to the same gain, and what each does to other text there (protocol E1).

Plain training and gradient differences stop at different gains, and more gain costs more. So of the two
changes the one that gained more is shortened until its gain is that of the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taskscope.models import contrasts, forcing
from taskscope.models.contrasts import Contrasts
from taskscope.models.deltas import Delta
from taskscope.models.forcing import Laid
from taskscope.studies.task_spaces.damage.gains import length_for
from taskscope.studies.task_spaces.params import PLAIN, TUNED
from taskscope.studies.task_spaces.rows import TEXT
from taskscope.tasks import texts

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

N_TEXTS = 48
"""Sentences of each of two sets of our own, opinions and news; nobody learns from them."""
FEWEST_GAINED = 0.05
"""Standard deviations of the margins; below this gain there is nothing to compare at."""


class OtherText:
    """Texts laid out once, and the model's loss on them before any tuning."""

    def __init__(self, model: LanguageModel) -> None:
        chosen = [text.text for name in ("sentiment", "topics") for text in texts.build(name).test[:N_TEXTS]]
        encoded = [model.encode_pair("", text) for text in chosen]
        self.laid: Laid = forcing.lay([(tuple(start), tuple(rest)) for start, rest in encoded])
        self.first = self._loss(model)

    def rise(self, model: LanguageModel, delta: Delta) -> float:
        """Return by how much a change raises the loss, nats per token."""
        with model.edited(delta):
            return self._loss(model) - self.first

    def _loss(self, model: LanguageModel) -> float:
        total = forcing.log_probs(model.executor, self.laid).sum()
        return float(-total / self.laid.counts.sum())


def compare_at_equal_gain(
    model: LanguageModel,
    other: OtherText,
    learned: Contrasts,
    judged: Contrasts,
    deltas: dict[str, Delta],
) -> list[dict[str, object]]:
    """Compare plain training and gradient differences at the same gain on the pairs learned from.

    Args:
        model: The unchanged model.
        other: What is scored beside the task.
        learned: Pairs of the task that both were tuned on.
        judged: Other pairs of it.
        deltas: The change by each way; more ways may be in it.

    Returns:
        A record for each of the two ways, with the gain reached, nats; that alone where one of them gained
        nothing to compare at. Whether the gains are the same is for who reads them (`gains.alike`).
    """
    first = _margins(model, learned)

    def gain(delta: Delta) -> float:
        with model.edited(delta):
            return float(_margins(model, learned).mean() - first.mean())

    whole = {name: gain(deltas[name]) for name in (TUNED, PLAIN)}
    goal = min(whole.values())
    if goal < FEWEST_GAINED * float(first.std()):
        return [{"part": TEXT, "condition": name, "gain": reached} for name, reached in whole.items()]
    found = []
    for name, most in whole.items():
        delta = deltas[name]
        length, reached = length_for(lambda share, delta=delta: gain(delta.scaled(share)), most, goal)
        delta = delta.scaled(length)
        with model.edited(delta):
            margins = _margins(model, judged)
        found.append(
            {
                "part": TEXT,
                "condition": name,
                "gain": reached,
                "margins": margins.astype(np.float32).tolist(),
                "norm": delta.norm,
                "rise": other.rise(model, delta),
            }
        )
    return found


def _margins(model: LanguageModel, pairs: Contrasts) -> np.ndarray:
    scores = contrasts.score(model.executor, pairs)
    return scores[:, 0] - scores[:, 1]
