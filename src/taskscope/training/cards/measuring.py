"""Measures a trained folder for its card, by the plain loop: one forward pass per block, nothing shared.

Kept apart from the one-pass sweep of the `models` room on purpose: a built-in model is checked by the slow
way that anyone can read, and the fast way is then checked on the built-in models.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from taskscope.tasks.prompts import FORMATS, PromptFormat
from taskscope.tasks.sampling import Draw, draw
from taskscope.tasks.task import MappingTask
from taskscope.training.objectives import read, replaced

N_DUMMIES = 2


@dataclass(frozen=True)
class TaskScores:
    """Accuracy of one task under the conditions of protocol task_vectors E1, by exact match."""

    task: str
    n: int
    """Queries."""
    zero_shot: float
    few_shot: float
    hypothesis: tuple[float, ...]
    """By block: theta put into the bare query, scored against the query's answer."""
    leak: tuple[float, ...]
    """By block: the same prediction scored against the answer of the first dummy query."""


class Probe:
    """A loaded folder, and the three measurements on it."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.model.to(torch.device(device))  # pyright: ignore[reportArgumentType]
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.blocks = self.model.model.layers
        self.device = device

    def measure(self, task: MappingTask, n: int, k: int, seed: int) -> TaskScores:
        """Draw `n` queries with `k` demonstrations each and score every condition.

        Args:
            task: A task in the arrow format.
            n: Queries drawn.
            k: Demonstrations of each.
            seed: Of the draws.
        """
        form = FORMATS["arrow"]
        draws = draw(task, task.items, n, k, N_DUMMIES, np.random.default_rng(seed))
        bare = [form.render((), d.query.input).text for d in draws]
        shots = [_render(form, d, d.query.input) for d in draws]
        gold = [d.query.answers for d in draws]
        leaks = [d.dummies[0].answers for d in draws]
        vectors = self.theta(
            [[_render(form, d, d.dummies[m].input) for d in draws] for m in range(N_DUMMIES)]
        )
        hypothesis, leak = [], []
        for block in range(len(self.blocks)):
            hypothesis.append(self.accuracy(bare, gold, block, vectors[block]))
            leak.append(self.accuracy(bare, leaks, block, vectors[block]))
        return TaskScores(
            task.name,
            n,
            self.accuracy(bare, gold),
            self.accuracy(shots, gold),
            tuple(hypothesis),
            tuple(leak),
        )

    @torch.inference_mode()
    def theta(self, prompts: Sequence[Sequence[str]]) -> Tensor:
        """Average the last token's residual over dummies.

        Args:
            prompts: (dummy, query) texts.

        Returns:
            (block, query, width).
        """
        columns = []
        for column in prompts:
            ids, ends = self._pad([self._encode(text) for text in column])
            with ExitStack() as stack:
                seen = [stack.enter_context(read(block)) for block in self.blocks]
                self.model(ids)
            rows = torch.arange(len(ends), device=self.device)
            columns.append(torch.stack([residual[rows, ends - 1] for (residual,) in seen]))
        return torch.stack(columns).mean(0)

    @torch.inference_mode()
    def accuracy(
        self,
        prompts: Sequence[str],
        answers: Sequence[Sequence[str]],
        block: int | None = None,
        vectors: Tensor | None = None,
    ) -> float:
        """Share of prompts of which greedy decoding begins with an accepted answer (6.10).

        Args:
            prompts: One per query.
            answers: Accepted answers of each.
            block: After which the last prompt token's residual is replaced; None for no edit.
            vectors: (query, width) replacements.
        """
        rows = [(i, text) for i, accepted in enumerate(answers) for text in accepted]
        starts = [self._encode(prompts[i]) for i, _ in rows]
        whole = [start + self._encode(text) for start, (_, text) in zip(starts, rows, strict=True)]
        ids, ends = self._pad(whole)
        first = torch.tensor([len(start) for start in starts], device=self.device)
        if block is None or vectors is None:
            logits = self.model(ids).logits
        else:
            owners = torch.tensor([i for i, _ in rows], device=self.device)
            with replaced(self.blocks[block], first - 1, vectors[owners]):
                logits = self.model(ids).logits
        at = torch.arange(1, ids.shape[1], device=self.device)
        asked = (at >= first[:, None]) & (at < ends[:, None])
        right = ((logits[:, :-1].argmax(-1) == ids[:, 1:]) | ~asked).all(1).tolist()
        return len({i for (i, _), ok in zip(rows, right, strict=True) if ok}) / len(prompts)

    def _encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False)

    def _pad(self, rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Right-pad; return ids (row, token) and lengths (row,)."""
        ends = torch.tensor([len(row) for row in rows], device=self.device)
        ids = torch.full((len(rows), int(ends.max())), self.tokenizer.pad_token_id, device=self.device)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row, device=self.device)
        return ids, ends


def _render(form: PromptFormat, d: Draw, query: str) -> str:
    return form.render([(item.input, item.label) for item in d.demonstrations], query).text
