"""Stored rows as arrays: adversaries by setting, competence along the law, other laws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.studies.remembering import once_per_table
from taskscope.studies.skill_emergence.collage.kinds import Kind
from taskscope.studies.skill_emergence.collage.rows import Outcomes, by_kind, outcomes
from taskscope.studies.skill_emergence.rows import COLLAGES, EMERGENCE, GRAPHS, KINDS, MECHANISMS, of_part
from taskscope.theory.skill_graph.certificate import certificate, closed_form
from taskscope.theory.skill_graph.guarantee import guarantee
from taskscope.theory.skill_graph.worst_case import worst_case

Array = np.ndarray

CONFIDENCE = 0.999
"""With which a finite graph is certified."""


@dataclass(frozen=True)
class Adversaries:
    """All graphs of one setting."""

    name: str
    n_texts: int
    n_skills: int
    k: int
    theta: float
    alpha: float
    enumerated: bool
    beta: dict[str, Array]
    """By what happened to the graph: (graph,)."""
    above: dict[str, Array]
    """Share of skills that failed more often than the theorem allows, likewise."""

    @property
    def theorem(self) -> float:
        """Bound of the theorem."""
        return float(guarantee(self.alpha, self.theta, self.k).beta)

    @property
    def certified(self) -> float:
        """Bound for a graph of this size: in closed form where skills of a text are distinct."""
        return certified(
            self.alpha, self.theta, self.k, self.n_texts, self.n_skills, distinct=self.enumerated
        )

    @property
    def exact(self) -> float:
        """Worst case as texts become many."""
        return worst_case(self.alpha, self.theta, self.k, self.n_skills if self.enumerated else None)

    def past(self, failures: str) -> Array:
        """Whether each graph is past its certificate, (graph,) bool."""
        return self.beta.get(failures, np.empty(0)) > self.certified


@dataclass(frozen=True)
class Emergence:
    """Competence on the worst share of sets of skills, by link and mode."""

    tokens: tuple[float, ...]
    sizes: tuple[int, ...]
    theta: dict[str, Array]
    """By link: (token,)."""
    competence: dict[tuple[str, str], Array]
    """By link and mode: (graph, token, size)."""


@dataclass(frozen=True)
class Results:
    """Everything that was simulated; None or empty where a part was not."""

    adversaries: tuple[Adversaries, ...]
    emergence: Emergence | None
    mechanisms: tuple[dict[str, Any], ...]
    collages: dict[str, Outcomes]
    """By condition."""
    kinds: dict[Kind, dict[str, Outcomes]]
    """The same of collages of other kinds."""


@once_per_table
def results(rows: pa.Table) -> Results:
    """Read the rows of all cells."""
    return Results(
        _adversaries(of_part(rows, GRAPHS)),
        _emergence(of_part(rows, EMERGENCE)),
        tuple(of_part(rows, MECHANISMS)),
        outcomes(of_part(rows, COLLAGES)),
        by_kind(of_part(rows, KINDS)),
    )


def _adversaries(records: Sequence[dict[str, Any]]) -> tuple[Adversaries, ...]:
    by_setting: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        by_setting.setdefault(record["setting"], []).append(record)
    found = []
    for name, members in by_setting.items():
        one = members[0]
        kinds = dict.fromkeys(member["failures"] for member in members)
        beta, above = (
            {kind: np.array([m[field] for m in members if m["failures"] == kind]) for kind in kinds}
            for field in ("beta", "above")
        )
        shape = (one["n_texts"], one["n_skills"], one["k"], one["theta"], one["alpha"], one["enumerated"])
        found.append(Adversaries(name, *shape, beta, above))
    return tuple(sorted(found, key=lambda each: (not each.enumerated, each.n_texts, each.k, each.theta)))


def _emergence(records: Sequence[dict[str, Any]]) -> Emergence | None:
    if not records:
        return None
    tokens = tuple(sorted({record["tokens"] for record in records}))
    sizes = tuple(sorted({record["t"] for record in records}))
    units = sorted({(record["seed"], record["graph"]) for record in records})
    links = dict.fromkeys(record["link"] for record in records)
    theta = {link: np.zeros(len(tokens)) for link in links}
    kinds = dict.fromkeys((record["link"], record["mode"]) for record in records)
    competence = {kind: np.full((len(units), len(tokens), len(sizes)), np.nan) for kind in kinds}
    at = {value: place for order in (tokens, sizes, units) for place, value in enumerate(order)}
    for record in records:
        unit, token = at[record["seed"], record["graph"]], tokens.index(record["tokens"])
        kind = (record["link"], record["mode"])
        competence[kind][unit, token, sizes.index(record["t"])] = record["competence"]
        theta[record["link"]][token] = record["theta"]
    return Emergence(tokens, sizes, theta, competence)


@cache
def certified(alpha: float, theta: float, k: int, n_texts: int, n_skills: int, *, distinct: bool) -> float:
    """Bound that holds for a graph of this size, in closed form where the skills of a text are distinct."""
    bound = closed_form if distinct else certificate
    return bound(alpha, theta, k, n_texts, n_skills, confidence=CONFIDENCE)
