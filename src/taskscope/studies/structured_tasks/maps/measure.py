"""Measuring response maps: the renaming alone, the renamed task, and the linear map, map by map.

Every draw of demonstrations is encoded once for all the queries that follow it (protocol E3 to E6, 7).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.runs.cell import Cell, Measured
from taskscope.studies.structured_tasks.asking import Asker, Tokens
from taskscope.studies.structured_tasks.draws import Shown, texts
from taskscope.studies.structured_tasks.maps.draws import ORDERS, RANDOM, maps_of, word_sets
from taskscope.studies.structured_tasks.maps.facts import Embedded, facts_of
from taskscope.studies.structured_tasks.maps.rows import (
    RENAMED_TASK,
    RENAMING,
    RENAMING_SHOWN,
    SHOWN,
    TASK_SHOWN,
    WITHHELD,
    answer_rows,
    fact_rows,
    linear,
)
from taskscope.studies.structured_tasks.params import OTHER_RANDOMS, MapParams
from taskscope.tasks import classification_registry
from taskscope.tasks.label_maps import ResponseMap, matched_map, random_map
from taskscope.tasks.thesaurus import Rings, Thesaurus
from taskscope.theory import linear_map

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

STEPS = (1, 2, 4)
"""Gradient steps of the linear map, beside one per block and infinitely many (E3)."""
TOKENS_AT_A_TIME = 2_000_000
"""Prompt tokens that are held in memory at a time."""


class Session:
    """One task, one model, one seed."""

    def __init__(self, cell: Cell, model: LanguageModel) -> None:
        self.params = MapParams(**cell.params)
        self.task = classification_registry.resolve(cell.tasks[0])
        self.model, self.seed = model, cell.seed
        self.asker = Asker(self.task, model)
        self.embedded = Embedded(self.asker, model)

    @property
    def n_classes(self) -> int:
        """Classes of the task."""
        return len(self.task.classes)

    def words(self, kind: str, maps: Sequence[ResponseMap]) -> list[pa.Table]:
        """Ask for the renaming alone, of the model and of the linear map."""
        classes = np.stack(
            [word_sets(self.task, kind, number, self.seed, self.params) for number in range(len(maps))]
        )  # (map, set, shot)
        gold = np.broadcast_to(np.arange(self.n_classes), (*classes.shape[:2], self.n_classes))
        missing = np.array([[~np.isin(gold[0, 0], shown) for shown in sets] for sets in classes])
        prompts, labels = [], []
        for each, sets in zip(maps, classes, strict=True):
            answers = self.asker.label_tokens(each.images)
            for shown in sets:
                pairs = [(self.task.labels[c], each.images[c]) for c in shown]
                asked = [self.task.render(pairs, label).text for label in self.task.labels]
                prompts += self.model.encoder.encode_all(asked)
                labels += [answers] * self.n_classes
        predicted = self._asked(prompts, labels).reshape(gold.shape)
        numbers = np.arange(len(maps))
        tables = [answer_rows(kind, numbers, RENAMING, self.n_classes, gold, predicted, missing)]
        tables.append(self._withheld(kind, maps))
        for steps in (*STEPS, self.model.n_blocks, np.inf):
            predicted = self._linear(maps, classes, steps)
            tables.append(answer_rows(kind, numbers, linear(steps), self.n_classes, gold, predicted, missing))
        return tables

    def _withheld(self, kind: str, maps: Sequence[ResponseMap]) -> pa.Table:
        """Ask for the new name of a label that is kept out of the demonstrations, each label in turn."""
        p, k = self.params, self.n_classes
        n_sets = max(p.n_word_sets // 2, 1)
        asked = (np.arange(len(maps))[:, None] + np.arange(n_sets)) % k  # (map, set) class
        prompts, labels = [], []
        for number, each in enumerate(maps):
            answers = self.asker.label_tokens(each.images)
            drawn = word_sets(self.task, f"{kind} withheld", number, self.seed, p)[:n_sets]
            for out, shown in zip(asked[number], drawn, strict=True):
                # Another class takes the place of the one kept out, whichever comes next.
                pairs = [(c + 1) % k if c == out else c for c in shown.tolist()]
                words = [(self.task.labels[c], each.images[c]) for c in pairs]
                prompts.append(self.model.encoder.encode(self.task.render(words, self.task.labels[out]).text))
                labels.append(answers)
        gold = asked[..., None]
        predicted = self._asked(prompts, labels).reshape(gold.shape)
        return answer_rows(kind, np.arange(len(maps)), WITHHELD, k, gold, predicted, np.ones_like(gold, bool))

    def texts(self, maps: Sequence[ResponseMap]) -> pa.Table:
        """Ask for the renamed task."""
        p = self.params
        shown = texts(self.task, "maps", self.seed, len(maps) * p.n_text_sets, p.map_shots, p.n_text_queries)
        prompts, labels = [], []
        for number, each in enumerate(shown):
            own = maps[number // p.n_text_sets]
            prompts += self.model.encoder.encode_all(self._renamed(each, own))
            labels += [self.asker.label_tokens(own.images)] * len(each.queries)
        shape = (len(maps), p.n_text_sets, p.n_text_queries)
        gold = np.stack([each.gold for each in shown]).reshape(shape)
        absent = np.stack([~np.isin(each.gold, each.classes(p.map_shots)) for each in shown])
        predicted = self._asked(prompts, labels).reshape(shape)
        numbers = np.arange(len(maps))
        return answer_rows(
            RANDOM, numbers, RENAMED_TASK, self.n_classes, gold, predicted, absent.reshape(shape)
        )

    def apart(self, maps: Sequence[ResponseMap]) -> list[pa.Table]:
        """Ask for the renamed task after demonstrations of its parts, both or one of them (protocol 9.4)."""
        p = self.params
        n_sets = max(p.n_text_sets // 2, 1)
        shown = texts(self.task, "apart", self.seed, len(maps) * n_sets, p.map_shots, p.n_text_queries)
        shape = (len(maps), n_sets, p.n_text_queries)
        gold = np.stack([each.gold for each in shown])
        tables = []
        for arm in SHOWN:
            prompts, labels, missing = [], [], []
            for number, each in enumerate(shown):
                own = maps[number // n_sets]
                pairs, named = parts_of(each, own, arm)
                asked = [self.task.render(pairs, query.text).text for query in each.queries]
                prompts += self.model.encoder.encode_all(asked)
                labels += [self.asker.label_tokens(own.images)] * len(each.queries)
                missing.append(~np.isin(each.gold, named))
            predicted = self._asked(prompts, labels).reshape(shape)
            tables.append(
                answer_rows(
                    RANDOM,
                    np.arange(len(maps)),
                    arm,
                    self.n_classes,
                    gold.reshape(shape),
                    predicted,
                    np.stack(missing).reshape(shape),
                )
            )
        return tables

    def _renamed(self, each: Shown, own: ResponseMap) -> list[str]:
        pairs = [(text.text, own.images[text.label]) for text in each.demonstrations]
        return [self.task.render(pairs, query.text).text for query in each.queries]

    def _asked(self, prompts: list[Tokens], labels: list[list[Tokens]]) -> np.ndarray:
        """Return the likeliest label after each prompt, (prompt,); some prompts at a time."""
        step = max(1, TOKENS_AT_A_TIME // max(len(prompt) for prompt in prompts))
        parts = [
            self.model.classify(prompts[start : start + step], labels[start : start + step]).argmax(axis=1)
            for start in range(0, len(prompts), step)
        ]
        return np.concatenate(parts)

    def _linear(self, maps: Sequence[ResponseMap], classes: np.ndarray, steps: int | float) -> np.ndarray:
        """Return what the linear map over embeddings answers, (map, set, class)."""
        labels = self.embedded(self.task.labels)
        found = np.zeros((*classes.shape[:2], self.n_classes), dtype=np.int64)
        for number, each in enumerate(maps):
            images = self.embedded(each.images)
            for at, shown in enumerate(classes[number]):
                counts = np.bincount(shown, minlength=self.n_classes)
                found[number, at] = linear_map.predict(labels, images, counts, steps)
        return found


def parts_of(each: Shown, own: ResponseMap, arm: str) -> tuple[list[tuple[str, str]], list[int]]:
    """Turn every other demonstration into a label under its new word, and leave the others as they are.

    Args:
        each: Texts in the order in which they are shown.
        own: Labels and their new words.
        arm: One of `SHOWN`: whether both halves stay, or which.

    Returns:
        What is shown, and the classes whose new word is among it.
    """
    pairs, named = [], []
    for at, text in enumerate(each.demonstrations):
        label = own.labels[text.label]
        if at % 2 == 0 and arm != RENAMING_SHOWN:
            pairs.append((text.text, label))
        elif at % 2 == 1 and arm != TASK_SHOWN:
            pairs.append((label, own.images[text.label]))
            named.append(text.label)
    return pairs, named


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure the response maps of one task with one model and seed.

    Raises:
        TaskError: If a prompt is longer than the model's context, or labels cannot be told apart.
    """
    session = Session(cell, model)
    rings = _rings(session, cell.tasks[1].source) if len(cell.tasks) > 1 else None
    maps = maps_of(session.task, session.asker.words, cell.seed, session.params, rings, _others(session))
    tables = []
    with model.audited(cell.rng("audit")) as audit:
        for kind, some in maps.items():
            tables.append(
                fact_rows(facts_of(some, session.asker, session.embedded, model), session.n_classes)
            )
            tables += session.words(kind, some)
        tables.append(session.texts(maps[RANDOM]))
        tables += session.apart(maps[RANDOM])
    rows = pa.concat_tables(tables, promote_options="default").unify_dictionaries().combine_chunks()
    return Measured(rows=rows, notes={**audit.notes(), "route": model.route, "kinds": list(maps)})


def _rings(session: Session, folder: str) -> Rings:
    """Find the words around every label, among those that are one token (E6)."""
    return Thesaurus(folder, session.asker.single_words).rings_of(session.task.labels, len(ORDERS) - 1)


def _others(session: Session) -> dict[str, Callable[[np.random.Generator], ResponseMap]]:
    """Make the random maps of other kinds that were asked for."""
    labels, asker = session.task.labels, session.asker

    def any_token(rng: np.random.Generator) -> ResponseMap:
        return random_map(labels, asker.any_tokens, rng, kind="any-token")

    def prior_matched(rng: np.random.Generator) -> ResponseMap:
        return matched_map(labels, asker.priors, rng)

    makers: dict[str, Callable[[np.random.Generator], ResponseMap]] = dict(
        zip(OTHER_RANDOMS, (any_token, prior_matched), strict=True)
    )
    return {kind: makers[kind] for kind in session.params.other_randoms}
