"""A writer that answers requests for mixed skills by a rule of its own, and reading what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pyarrow as pa

from taskscope.models.generating import Draws
from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.skill_emergence.mix.measure import measure
from taskscope.studies.skill_emergence.mix.resampling import ModelMix, resample
from taskscope.studies.skill_emergence.mix.rows import Mix, mixes
from taskscope.studies.skill_emergence.params import MIX, SkillEmergenceParams
from taskscope.studies.skill_emergence.study import SKILL_EMERGENCE
from taskscope.tasks.text_skills.composing import compose
from taskscope.tasks.text_skills.skills import SKILLS

LARGE = SkillEmergenceParams(parts=(MIX,), mix_combinations=300, mix_largest=4, draws=200)
SMALL = SkillEmergenceParams(
    parts=(MIX,), mix_singles=2, mix_combinations=6, mix_largest=3, mix_tokens=8, draws=100
)
MODEL = PlannedModel(
    ref=ModelRef(id="pico-xs@sha256:0", label="pico-xs", dtype="float32", attention="sdpa"),
    n_blocks=6,
    n_parameters=206752,
    context=1024,
)
OFF = "They walk home, the streets are wet. He hums. She reads. It gets dark. They rest."
"""Lacks every skill but to be neither short nor long."""


class Writer:
    """A model that is asked in plain text and answers by a rule of its own; a token is a character."""

    context = 100_000

    def __init__(self, answer: Callable[[str], str], chat_template: str | None = None) -> None:
        self.answer, self.seen, self.draws = answer, [], None
        self.tokenizer = SimpleNamespace(chat_template=chat_template, decode=self._decode)

    def encode(self, text: str) -> list[int]:
        return [ord(character) for character in text]

    def write(
        self, prompts: list[tuple[int, ...]], limit: int, draws: Draws | None = None
    ) -> list[tuple[int, ...]]:
        seen = [self._decode(prompt) for prompt in prompts]
        self.seen += seen
        self.draws = draws
        return [tuple(self.encode(self.answer(text))) for text in seen]

    @staticmethod
    def _decode(tokens, skip_special_tokens: bool = True) -> str:
        return "".join(map(chr, tokens))


def cell(params: SkillEmergenceParams) -> Cell:
    (only,) = SKILL_EMERGENCE.plan(params, [MODEL])
    return only


def with_front(rows: pa.Table, model: str = "writer") -> pa.Table:
    """Add the columns that a run folder puts in front."""
    n = rows.num_rows
    return rows.append_column("seed", pa.array([0] * n)).append_column("model", pa.array([model] * n))


def asked_of(prompt: str) -> list[str]:
    """Read the skills off a prompt."""
    return [name for name, skill in SKILLS.items() if f"- {skill.instruction}\n" in prompt]


def table(asked: np.ndarray, met: np.ndarray, topics: np.ndarray, requests: np.ndarray | None = None) -> Mix:
    """Make up a table of texts: (text, skill) twice, (text,), and the request of each, by default its own."""
    requests = np.arange(len(asked)) if requests is None else requests
    none = np.zeros(len(asked), bool)
    return Mix("writer", 1.0, None, False, asked, met, requests, topics, none, none, len(asked))


def found(answer: Callable[[str], str], params: SkillEmergenceParams = LARGE) -> ModelMix:
    rows = measure(cell(params), Writer(answer)).rows  # type: ignore[arg-type]
    (texts,) = mixes(with_front(rows))
    return resample(texts, params.draws)


def meets(names: list[str]) -> str:
    text = compose(names)
    assert text is not None
    return text
