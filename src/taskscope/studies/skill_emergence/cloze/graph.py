"""The rule by which claim 4 is judged on cloze questions, and its finding. Intervals are 95 %.

Four kinds of question need one skill, the others several. If a question is solved by whoever has all its
skills and guessed by others, the competences on single skills, freed of guessing, foretell by their products
how often questions of the other kinds are solved. The control: the same sets of skills assigned to these
kinds in every other way. Groups of twins are resampled.

- inconclusive by rule: no model has two of the skills (freed of guessing clearly above 5 %), so that nothing
  sets the assignments apart.
- supported: the tags are off by less than wrong ones on average, interval of the difference included, and
  they are among the best fortieth of all assignments.
- contradicted: they are off by more than wrong ones on average, interval included.
- inconclusive otherwise.

Whether texts that nobody wrote for the purpose draw their skills at random is not judged here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from taskscope.report.findings import Finding, Verdict
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.skill_emergence.claims import ACCOUNT
from taskscope.studies.skill_emergence.cloze.fitting import Points
from taskscope.studies.skill_emergence.cloze.rows import Cloze
from taskscope.studies.wording import control, finding, percent
from taskscope.tasks.cloze import SKILLS, q_matrix

Array = np.ndarray

FLOOR, FEWEST = 0.05, 2
"""Competence freed of guessing that a skill must clearly have; skills that one model must have."""
BEST = 0.025
"""Share of the assignments of sets of skills to kinds among which the tags must be."""


@dataclass(frozen=True)
class Graph:
    """How far products of single skills are off, by the assignment of sets of skills to kinds."""

    off: Array
    """(1 + draw, assignment) root of the mean squared distance; the questions' own tags in front."""
    most_skills: int
    """Skills that the model with most of them has."""
    n_groups: int
    """Groups of twins."""
    n_models: int

    @property
    def own(self) -> Array:
        """Off by the questions' own tags, (1 + draw,)."""
        return self.off[:, 0]

    @property
    def wrong(self) -> Array:
        """Off by all other assignments on average, (1 + draw,)."""
        return self.off[:, 1:].mean(axis=1)

    @property
    def rank(self) -> float:
        """Share of the assignments that are off by no more than the tags."""
        return float((self.off[0] <= self.off[0, 0] + 1e-12).mean())


def graph(found: Cloze, points: Points) -> Graph | None:
    """Hold products of single skills against questions that need several; None if a kind was not asked."""
    needs = q_matrix(points.kinds)
    alone, several = (np.flatnonzero(some) for some in (needs.sum(axis=1) == 1, needs.sum(axis=1) > 1))
    if set(needs[alone].argmax(axis=1)) != set(range(len(SKILLS))) or np.isnan(points.wrong).any():
        return None
    kinds = np.array(found.kinds)
    chance = np.array([found.chance[kinds == kind].mean() for kind in points.kinds])
    competence = np.clip((1 - points.wrong - chance) / (1 - chance), 0, 1)
    skill = np.empty((*competence.shape[:2], len(SKILLS)))
    skill[..., needs[alone].argmax(axis=1)] = competence[..., alone]
    foretold = np.stack([skill[..., needs[kind]].prod(axis=-1) for kind in several], axis=-1)
    measured = competence[..., several]
    # Squared distance of each product from each kind, (1 + draw, product, kind).
    apart = ((foretold[..., :, None] - measured[..., None, :]) ** 2).mean(axis=1)
    places = np.arange(len(several))
    off = [apart[:, list(order), places].mean(axis=1) ** 0.5 for order in permutations(places)]
    there = np.quantile(skill[1:], 0.025, axis=0) > FLOOR
    return Graph(
        np.stack(off, axis=1),
        int(there.sum(axis=1).max()),
        len(np.unique(found.twins)),
        len(found.models),
    )


def tags(found: Graph, subject: str) -> Finding:
    """Judge claim 4."""
    return finding(
        ACCOUNT,
        "4",
        subject,
        judge(found),
        statement=f"On {found.n_models} models, products of single skills are off by "
        f"{percent(found.own[0])} from questions that need several, and by {percent(found.wrong[0])} where "
        "the same sets of skills are assigned to other questions.",
        quantity="how far products of single skills are off on questions that need several",
        measure=Measure.of(found.own),
        n=found.n_groups,
        unit="groups of twins",
        controls=[
            control(
                "strongest",
                "tags of other questions",
                Measure.of(found.wrong),
                "The same sets of skills, assigned to the kinds of question in every other way.",
            )
        ],
    )


def judge(found: Graph) -> Judgement:
    """Judge whether questions test the skills that they are tagged with."""
    if found.most_skills < FEWEST:
        return Judgement(
            Verdict.INCONCLUSIVE,
            f"No model has {FEWEST} of the skills (clearly above guessing), so that nothing sets tags apart.",
        )
    better = Measure.of(found.wrong - found.own)
    told = (
        f"The questions' own tags are off by {percent(found.own[0])}, others by {percent(found.wrong[0])}; "
        f"{percent(found.rank)} of all assignments are as good"
    )
    if better.low > 0 and found.rank <= BEST:
        return Judgement(Verdict.SUPPORTED, f"{told}.")
    if better.high < 0:
        return Judgement(Verdict.CONTRADICTED, f"{told}: what the tags say is not what makes them hard.")
    return Judgement(Verdict.INCONCLUSIVE, f"{told}: not clearly apart.")
