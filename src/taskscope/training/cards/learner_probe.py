"""Asks a planted learner about the built-in texts, as they are and rewritten.

Every condition rewrites labels or texts of the built-in sets (protocol structured_tasks 3 and 5): the answers
tell a model that selects among known tasks from one that learns new ones and from one that composes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from taskscope.tasks import ciphers, label_maps, label_words
from taskscope.tasks.ciphers import Cipher
from taskscope.tasks.classification import ClassificationTask
from taskscope.tasks.label_maps import ResponseMap
from taskscope.training.documents import planted_words
from taskscope.training.documents.planted_words import WordIds

_BATCH = 16


@dataclass(frozen=True)
class Condition:
    """One way to rewrite a task."""

    title: str
    labels: str
    """Kind of map of the label words."""
    text: str = "plain"
    """``plain``, ``label words`` in the text's place, ``cipher`` or ``broken cipher``."""
    shuffled: bool = False
    """Whether the labels of the demonstrations say nothing about their texts."""


CONDITIONS: dict[str, Condition] = {
    "own": Condition("texts under their own labels", "identity"),
    "fresh": Condition("texts under fresh labels", "random"),
    "fresh-shuffled": Condition("the same, labels dealt out at random", "random", shuffled=True),
    "exchanged": Condition("texts under exchanged labels", "swap"),
    "cipher": Condition("texts in a fresh cipher", "identity", "cipher"),
    "cipher-broken": Condition("the same, a fresh image at every occurrence", "identity", "broken cipher"),
    "renamed": Condition("label words under fresh words", "random", "label words"),
    "synonym": Condition("label words under synonyms", "synonym", "label words"),
    "antonym": Condition("label words under opposites", "antonym", "label words"),
    "keyword": Condition("label words under keywords", "keyword", "label words"),
    "text-synonym": Condition("texts under synonyms of their labels", "synonym"),
}
CONTROLS = {"fresh": "fresh-shuffled", "cipher": "cipher-broken"}
"""Conditions in which nothing can be learned, by the condition that they belong to."""


class LearnerProbe:
    """A trained folder that answers classification prompts.

    Args:
        folder: Model folder.
    """

    def __init__(self, folder: Path) -> None:
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.ids = WordIds(self.tokenizer)

    def accuracy(self, name: str, task: ClassificationTask, k: int, n: int, seed: int) -> float:
        """Share of queries answered rightly, the answer being the likeliest of the label words.

        Demonstrations, map and cipher are fresh for every query.

        Args:
            name: One of `CONDITIONS`.
            task: A built-in set.
            k: Demonstrations.
            n: Queries; classes take turns.
            seed: Of all draws.
        """
        rng = np.random.default_rng((seed, k, list(CONDITIONS).index(name)))
        asked = [self._ask(CONDITIONS[name], task, k, i % len(task.labels), rng) for i in range(n)]
        right = 0
        for start in range(0, n, _BATCH):
            part = asked[start : start + _BATCH]
            logits = self._logits([prompt for prompt, _ in part])
            for row, (_, choices) in zip(logits, part, strict=True):
                right += int(row[torch.tensor(choices)].argmax() == 0)
        return right / n

    def _ask(
        self, condition: Condition, task: ClassificationTask, k: int, label: int, rng: np.random.Generator
    ) -> tuple[list[int], list[int]]:
        """Return a prompt's ids, and the ids of the label words, the right one first."""
        g = _map(condition.labels, task, rng)
        write = self._writer(condition.text, task, rng)
        pool = [task.pool[i] for i in rng.permutation(len(task.pool))[:k]]
        queries = [item for item in task.test if item.label == label]
        query = queries[rng.integers(len(queries))]
        shown = [item.label for item in pool]
        given = rng.permutation(shown).tolist() if condition.shuffled else shown
        demonstrations = [
            (write(item.text, item.label), g.images[c]) for item, c in zip(pool, given, strict=True)
        ]
        prompt = self.ids.encode(task.render(demonstrations, write(query.text, label)).text)
        images = [g.images[label], *(word for c, word in enumerate(g.images) if c != label)]
        return prompt, self.ids.of(images).tolist()

    def _writer(
        self, text: str, task: ClassificationTask, rng: np.random.Generator
    ) -> Callable[[str, int], str]:
        if text == "plain":
            return lambda plain, label: plain
        if text == "label words":
            return lambda plain, label: task.labels[label]
        cipher = self._cipher(task, rng)
        chosen = cipher if text == "cipher" else ciphers.non_bijective(cipher)
        return lambda plain, label: self.tokenizer.decode(
            chosen.encode(self.ids.encode(f" {plain}"), rng), clean_up_tokenization_spaces=False
        ).strip()

    def _cipher(self, task: ClassificationTask, rng: np.random.Generator) -> Cipher:
        """A permutation of all words and marks but the labels."""
        labels = self.ids.of(task.labels)
        return ciphers.bijection(self.ids.size, labels, rng, among=self.ids.content_words)

    @torch.inference_mode()
    def _logits(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """Logits (prompt, vocabulary) of what follows each prompt."""
        ends = torch.tensor([len(prompt) for prompt in prompts])
        ids = torch.full((len(prompts), int(ends.max())), self.ids.end)
        for row, prompt in zip(ids, prompts, strict=True):
            row[: len(prompt)] = torch.tensor(prompt)
        hidden = self.model.model(ids).last_hidden_state
        return self.model.lm_head(hidden[torch.arange(len(ends)), ends - 1])


def _map(kind: str, task: ClassificationTask, rng: np.random.Generator) -> ResponseMap:
    if kind == "identity":
        return label_maps.identity_map(task.labels)
    if kind == "swap":
        return label_maps.swap_map(task.labels, rng)
    if kind == "random":
        return label_maps.random_map(task.labels, planted_words.images("held-out"), rng)
    return label_maps.natural_map(kind, task.labels, label_words.load(kind), rng)  # pyright: ignore[reportArgumentType]
