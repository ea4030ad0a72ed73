"""Measuring the cells of the study: simulations alone, no model."""

from __future__ import annotations

from typing import Any

import numpy as np

from taskscope.runs.cell import Cell, Measured
from taskscope.studies.skill_emergence import emergence, mechanisms
from taskscope.studies.skill_emergence.graphs import (
    draw,
    draw_clustered,
    failure_shares,
    found_edges,
    most_edges,
    worst_texts,
)
from taskscope.studies.skill_emergence.params import EmergenceParams, GraphParams, MechanismParams
from taskscope.studies.skill_emergence.rows import (
    CHANCE,
    CLUSTERED,
    EMERGENCE,
    GRAPHS,
    MECHANISMS,
    WORST,
    to_rows,
)
from taskscope.theory import skill_dynamics
from taskscope.theory.scaling_laws.published import PUBLISHED
from taskscope.theory.skill_graph.guarantee import guarantee

PER_TEXT = (2.0, 3.0, 4.0)
"""Skills of a text for which the peeling learner is simulated."""
TEXTS_PER_SKILL = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
CHANCE_PER_STEP, RUNS = 0.01, 4_000
PART_COUNTS = (1, 2, 4, 8)
USE = 0.4
"""Power of the skills' use beyond 1 in the quantization model."""
SIDES, DENSITIES = (4_000, 1_000), (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
"""Entities and properties of percolation, and links in units of the threshold."""


def graphs(cell: Cell, model: Any) -> Measured:
    """Let adversaries loose on random graphs of one setting (protocol 4.1)."""
    del model
    params = GraphParams.model_validate(cell.params)
    setting = params.setting
    bound = float(guarantee(setting.alpha, setting.theta, setting.k).beta) * setting.theta
    n_failed = round(setting.theta * setting.n_texts)
    n_left_out = round(setting.alpha * setting.n_skills)
    expected = setting.k * n_failed * n_left_out / setting.n_skills
    shape = (setting.n_texts, setting.n_skills, setting.k)
    told = {**setting.model_dump(), "setting": setting.name}
    records = []
    for number in range(params.n_graphs):
        rng = cell.rng(f"graph {number}")
        if params.clusters:
            skills = draw_clustered(*shape, params.clusters, rng)
        else:
            skills = draw(*shape, rng, distinct=setting.enumerated)
        sizes = (setting.n_skills, n_failed, n_left_out)
        if setting.enumerated:
            most, chosen = most_edges(skills, *sizes)
            failed = worst_texts(skills, setting.n_skills, chosen, n_failed, rng)
        else:
            most, failed = found_edges(skills, *sizes, params.restarts, rng)
        by_chance = rng.permutation(setting.n_texts)[:n_failed]
        into = np.sort(np.bincount(skills[by_chance].ravel(), minlength=setting.n_skills))
        for failures, edges, texts in (
            (CLUSTERED if params.clusters else WORST, most, failed),
            (CHANCE, int(into[-n_left_out:].sum()), by_chance),
        ):
            shares = failure_shares(skills, setting.n_skills, texts)
            beta, above = edges / expected, float((shares > bound).mean())
            records.append({**told, "failures": failures, "graph": number, "beta": beta, "above": above})
    if params.clusters:
        records = [record for record in records if record["failures"] == CLUSTERED]
    return Measured(to_rows(GRAPHS, records))


def along_the_law(cell: Cell, model: Any) -> Measured:
    """Shrink the failures along the scaling law and ask for sets of skills (protocol 4.2)."""
    del model
    params = EmergenceParams.model_validate(cell.params)
    law = PUBLISHED[params.law].law
    records = []
    for number in range(params.n_worlds):
        rng = cell.rng(f"world {number}")
        one = emergence.world(params, rng)
        sets = {t: rng.integers(params.n_skills, size=(params.n_tuples, t)) for t in emergence.SIZES}
        for link in (emergence.LINEAR, emergence.ROOT):
            at = zip(emergence.TOKENS, emergence.thetas(law, link), strict=True)
            for tokens, theta in at:
                for mode in emergence.MODES if link == emergence.LINEAR else (emergence.ADVERSARIAL,):
                    competence = emergence.competences(one, mode, float(theta))
                    for t in emergence.SIZES:
                        records.append(
                            {
                                "graph": number,
                                "link": link,
                                "mode": mode,
                                "tokens": tokens,
                                "theta": float(theta),
                                "t": t,
                                "competence": emergence.worst_tuples(competence, sets[t], params.alpha),
                            }
                        )
    return Measured(to_rows(EMERGENCE, records))


def other_laws(cell: Cell, model: Any) -> Measured:
    """Simulate four other laws beside their formulas (protocol 4.3)."""
    del model
    params = MechanismParams.model_validate(cell.params)
    rng = cell.rng("mechanisms")
    records: list[dict[str, Any]] = []

    def add(
        law: str, condition: str, x: float, simulated: float, predicted: float, per_text: float | None = None
    ) -> None:
        told = {"law": law, "condition": condition, "per_text": per_text, "x": x}
        records.append({**told, "simulated": float(simulated), "predicted": float(predicted)})

    for c in PER_TEXT:
        for ratio in TEXTS_PER_SKILL:
            left = mechanisms.peel(params.peeled_skills, c, ratio, rng)
            wanted = skill_dynamics.unlearned(c, ratio)
            add("peeling", f"{c:g} skills in a text", ratio, left, wanted, per_text=c)
    for n in PART_COUNTS:
        half = skill_dynamics.half_time(CHANCE_PER_STEP, n)
        share = mechanisms.acquire(CHANCE_PER_STEP, half, n, RUNS, rng)
        wanted = float(skill_dynamics.all_acquired(CHANCE_PER_STEP, half, n))
        add("product", f"{n} abilities", half, share, wanted)
    slopes = mechanisms.quantization_slopes(params.ranked_skills, USE)
    exponents = skill_dynamics.quantization_exponents(USE)
    for what, slope, exponent in zip(("skills learned", "data"), slopes, exponents, strict=True):
        add("quantization", f"slope of log loss by {what}", USE, slope, -exponent)
    threshold = skill_dynamics.percolation_threshold(*SIDES)
    for density in DENSITIES:
        share = mechanisms.largest_component(*SIDES, density * threshold, rng)
        wanted = skill_dynamics.giant_component(*SIDES, density * threshold)
        add("percolation", "share of the largest component", density, share, wanted)
    return Measured(to_rows(MECHANISMS, records))
