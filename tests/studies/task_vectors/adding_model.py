"""A machine that reads a square's tasks off a code which one head writes: composition by construction.

Head 0 of block 0 says which task the demonstrations show. Read as *two things, each done or not*, the code of
both is that of one plus that of the other minus that of neither; read as *one of four names*, it is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np

from taskscope.tasks import registry
from taskscope.tasks.compositions import SQUARES

THINGS = np.array([(1, 0, 0, 0), (1, 1, 0, 0), (1, 0, 1, 0), (1, 1, 1, 0)], dtype=np.float32)
"""The code of neither, one, other and both: demonstrations were there, the one thing, the other."""
NAMES = np.eye(4, dtype=np.float32)


class AddingModel:
    """Does the four tasks of a square by a code in the residual; heads of number 1 write nothing of use."""

    n_blocks, n_heads, head_dim, d_model, route = 2, 2, 4, 4, "branches"
    attending_blocks = (0, 1)

    def __init__(self, square: str, codes: np.ndarray) -> None:
        self.codes = codes
        self.answers = [
            {item.input: item.label for item in registry.get(name).items} for name in SQUARES[square]
        ]

    @contextmanager
    def audited(self, _rng: np.random.Generator) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(notes=dict)

    def capture(self, prompts: Sequence[str], blocks: Sequence[int], what: str) -> np.ndarray:
        assert what == "heads"
        found = np.zeros((len(prompts), len(blocks), self.n_heads, self.head_dim), dtype=np.float32)
        found[:, 0, 0] = [self._read(prompt) for prompt in prompts]
        found[:, :, 1] = 0.1
        return found

    def answer(
        self, prompts: Sequence[str], answers: Mapping[str, Sequence[Sequence[str]]]
    ) -> SimpleNamespace:
        right = [
            self._says(self._read(prompt), prompt) in some
            for prompt, some in zip(prompts, answers["gold"], strict=True)
        ]
        return SimpleNamespace(correct={"gold": np.array(right)})

    def head_effects(
        self, prompts: Sequence[str], outputs: np.ndarray, answers: Sequence[str], sites: Sequence
    ) -> SimpleNamespace:
        found = np.zeros((len(prompts), len(sites)))
        at = list(sites).index((0, 0))
        found[:, at] = [
            self._says(outputs[at], prompt) == y for prompt, y in zip(prompts, answers, strict=True)
        ]
        return SimpleNamespace(indirect=found)

    def head_writes(self, outputs: np.ndarray, _sites: Sequence) -> np.ndarray:
        return outputs

    def sweep(
        self, prompts: Sequence[str], vectors: Mapping[str, np.ndarray], answers: Mapping, mode: str
    ) -> SimpleNamespace:
        """A code that is added after block 0 is read; after block 1 it comes too late."""
        assert mode == "add"
        right = np.zeros((len(vectors), len(prompts), self.n_blocks), dtype=bool)
        for c, vector in enumerate(vectors.values()):
            for p, prompt in enumerate(prompts):
                right[c, p, 0] = self._says(vector[p, 0], prompt) in answers["gold"][p]
        return SimpleNamespace(correct={"gold": right})

    def _read(self, prompt: str) -> np.ndarray:
        """Tell which task right demonstrations show; nothing where they show none."""
        shown = [line.split("->") for line in prompt.split("\n")[:-1]]
        for code, answers in zip(self.codes, self.answers, strict=True):
            if shown and all(answers.get(x) == y for x, y in shown):
                return code
        return np.zeros(self.d_model, dtype=np.float32)

    def _says(self, code: np.ndarray, prompt: str) -> str | None:
        near = np.abs(self.codes - code).max(axis=1)
        query = prompt.split("\n")[-1].removesuffix("->")
        return self.answers[int(near.argmin())].get(query) if near.min() < 0.2 else None
