"""What the images of a map are like, apart from the map: why one set of words may be harder than another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from taskscope.studies.structured_tasks.asking import Asker
from taskscope.studies.structured_tasks.maps.rows import Facts
from taskscope.tasks.label_maps import ResponseMap

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


class Embedded:
    """Embeddings of words as they stand after a query: of several tokens their mean."""

    def __init__(self, asker: Asker, model: LanguageModel) -> None:
        self._asker, self._model = asker, model
        self._known: dict[str, np.ndarray] = {}

    def __call__(self, words: Sequence[str]) -> np.ndarray:
        """Return (word, d_embedding) float64."""
        for word, tokens in zip(words, self._asker.label_tokens(words), strict=True):
            if word not in self._known:
                self._known[word] = self._model.embeddings(tokens).mean(axis=0, dtype=np.float64)
        return np.stack([self._known[word] for word in words])


def facts_of(
    maps: Sequence[ResponseMap], asker: Asker, embedded: Embedded, model: LanguageModel
) -> list[Facts]:
    """Describe maps of one task; images are asked for behind a query alone in one pass."""
    task = asker.task
    bare = tuple(model.encode(task.render((), task.test[0].text).text))
    tokens = [asker.label_tokens(each.images) for each in maps]
    priors = model.classify([bare] * len(maps), tokens)
    found = []
    for number, (each, ids, prior) in enumerate(zip(maps, tokens, priors, strict=True)):
        images, labels = embedded(each.images), embedded(task.labels)
        n = len(each.images)
        among = _cosines(images, images)
        found.append(
            Facts(
                kind=each.kind,
                map=number,
                images=each.images,
                prior=float(prior.mean()),
                prior_spread=float(np.ptp(prior)),
                rank=float(np.mean([np.log1p(min(one)) for one in ids])),
                norm=float(np.linalg.norm(images, axis=1).mean()),
                likeness=float((among.sum() - np.trace(among)) / (n * (n - 1))),
                nearness=float(np.diag(_cosines(labels, images)).mean()),
                tokens=float(np.mean([len(one) for one in ids])),
            )
        )
    return found


def _cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = (each / np.maximum(np.linalg.norm(each, axis=1, keepdims=True), 1e-12) for each in (a, b))
    return a @ b.T
