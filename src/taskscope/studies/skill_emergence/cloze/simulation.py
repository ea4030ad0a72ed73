"""Rows of cloze questions simulated from a known truth, on which the verdict on claim 4 is calibrated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.models.series import place
from taskscope.studies.columns import repeated
from taskscope.studies.skill_emergence.cloze.rows import to_rows
from taskscope.studies.skill_emergence.params import SkillEmergenceParams
from taskscope.tasks.cloze import KINDS, q_matrix

Array = np.ndarray

N_MODELS = 8
_CHANCE = {4: ("cause and agreement", "fact and agreement")}
_TWINS = 2
_SHARED = 0.5
"""Standard deviation, in logits, of a group of twins around the truth."""


@dataclass(frozen=True)
class ClozeScenario:
    """Models with known skills, and a rule by which these decide which questions are solved."""

    name: str
    description: str
    skills: Callable[[np.random.Generator], Array]
    """Draws (model, skill) competences."""
    solved: Callable[[Array, np.random.Generator], Array]
    """From (model, skill) to (model, kind): share that is known and not guessed."""
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = ("4",)

    def simulate(self, params: SkillEmergenceParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of all models on all kinds of question."""
        known = self.solved(self.skills(rng), rng)
        n = params.cloze_items
        ids = [f"{kind.name}:{number}" for kind in KINDS for number in range(n)]
        twins = [f"{kind.name}:{number // _TWINS}" for kind in KINDS for number in range(n)]
        answers = np.repeat([4 if kind.name in _CHANCE[4] else 2 for kind in KINDS], n)
        shared = np.repeat(_SHARED * rng.standard_normal(-(-len(ids) // _TWINS)), _TWINS)[: len(ids)]
        tables = []
        for number, own in enumerate(known):
            right = np.repeat(own, n)
            right = np.clip(right + (1 - right) / answers, 1e-6, 1 - 1e-6)
            odds = right / (1 - right) * np.exp(shared)
            solved = (rng.random(len(ids)) < odds / (1 + odds)).astype(float)
            where = place(f"m{number}@1", f"m{number}", 1000 * (number + 1))
            nats = np.full(len(ids), 0.5)
            rows = to_rows(where, ids, twins, answers.tolist(), solved, nats, [""] * len(ids))
            rows = rows.append_column("seed", pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows))
            tables.append(rows.append_column("model", repeated(f"m{number}", rows.num_rows)))
        return pa.concat_tables(tables).unify_dictionaries()


def _profiles(rng: np.random.Generator) -> Array:
    """Draw models of which each has some skills and lacks others."""
    return rng.choice([0.1, 0.5, 0.95], size=(N_MODELS, 4))


def _none(rng: np.random.Generator) -> Array:
    del rng
    return np.zeros((N_MODELS, 4))


def conjunctive(skill: Array, rng: np.random.Generator) -> Array:
    """All skills of a question are needed."""
    del rng
    needs = q_matrix([kind.name for kind in KINDS])
    return np.stack([skill[:, need].prod(axis=1) for need in needs], axis=1)


def unrelated(skill: Array, rng: np.random.Generator) -> Array:
    """Questions that need several skills are hard for reasons of their own."""
    known = conjunctive(skill, rng)
    several = q_matrix([kind.name for kind in KINDS]).sum(axis=1) > 1
    known[:, several] = rng.random((len(skill), int(several.sum())))
    return known


def by_kind(skill: Array, rng: np.random.Generator) -> Array:
    """Each of these kinds is as hard for every model."""
    known = conjunctive(skill, rng)
    several = q_matrix([kind.name for kind in KINDS]).sum(axis=1) > 1
    known[:, several] = rng.random(int(several.sum()))
    return known


def other_tags(skill: Array, rng: np.random.Generator) -> Array:
    """The skills that are needed are those of another kind."""
    known = conjunctive(skill, rng)
    several = np.flatnonzero(q_matrix([kind.name for kind in KINDS]).sum(axis=1) > 1)
    known[:, several] = known[:, np.roll(several, 2)]
    return known


SCENARIOS = (
    ClozeScenario(
        "questions test skills",
        "questions are solved by models with all skills",
        _profiles,
        conjunctive,
        ("4",),
    ),
    ClozeScenario(
        "hard for their own reasons",
        "several skills at once say nothing of single ones",
        _profiles,
        unrelated,
    ),
    ClozeScenario("hard for all alike", "kinds differ, and models do not differ on them", _profiles, by_kind),
    ClozeScenario("tagged wrongly", "the skills needed are those of another kind", _profiles, other_tags),
    ClozeScenario("no skill", "all answers are guessed", _none, conjunctive),
)
