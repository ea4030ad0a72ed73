"""The bound beside what frames it, adversaries, emergence along the law, and the peeling learner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure
from taskscope.studies.skill_emergence.emergence import LINEAR, MODES
from taskscope.studies.skill_emergence.findings import SUBJECT
from taskscope.studies.skill_emergence.grids import Adversaries, Emergence
from taskscope.studies.skill_emergence.params import SkillEmergenceParams
from taskscope.studies.skill_emergence.rows import CHANCE, CLUSTERED, WORST
from taskscope.theory.skill_dynamics import peeling_threshold
from taskscope.theory.skill_graph import tuples
from taskscope.theory.skill_graph.guarantee import guarantee
from taskscope.theory.skill_graph.worst_case import worst_case

ALPHA = Axis("alpha", "share of skills left out", domain=(0, 1), format=".0%")
COMPETENCE = Axis("competence", "competence on all others", domain=(0, 1), format=".0%")
REACHED = Axis("competence", "competence, worst fifth of sets", domain=(0, 1), format=".0%")
HARDNESS = Axis("hardness", "-ln competence", unit="nats", log=True)
TOKENS = Axis("tokens", "training tokens", log=True)
BETA = Axis("beta", "failure share of left-out skills over the average")
RATIO = Axis("x", "texts for each skill")
UNLEARNED = Axis("share", "share of skills never learned", domain=(0, 1), format=".0%")

ANY_GRAPH, THEOREM, EXACT = "any graph", "theorem", "exact worst case"
THETA = 0.1
_ALPHAS = np.linspace(0.02, 0.98, 33)


def bounds() -> Figure:
    """Draw the competence guaranteed by the theorem beside Markov's bound and the exact worst case."""
    data = []
    for k in (4, 8, 16):
        found = guarantee(_ALPHAS, THETA, k)
        for alpha, beta in zip(_ALPHAS, found.beta, strict=True):
            for name, value in (
                (ANY_GRAPH, 1 / alpha),
                (THEOREM, beta),
                (EXACT, worst_case(alpha, THETA, k)),
            ):
                competence = max(0.0, 1 - value * THETA)
                told = {"k": f"{k} skills in a text", "curve": name, "alpha": round(float(alpha), 4)}
                data.append({**told, "competence": round(float(competence), 5)})
    return Figure(
        name="skill-emergence-bounds",
        title="How competent must a model be that fails on one text in ten?",
        see="The more skills a text uses, the more is guaranteed for the others. The theorem gives away what "
        "lies between its line and the exact worst case.",
        alt="Line charts by skills of a text: guaranteed competence against the share of skills left out, "
        "for any graph, by the theorem, and in the exact worst case.",
        spec=charts.curves(
            data,
            ALPHA,
            COMPETENCE,
            series="curve",
            facet="k",
            order=(THEOREM, EXACT, ANY_GRAPH),
            controls=(ANY_GRAPH,),
        ),
        model=SUBJECT,
        main=True,
    )


def published_panels() -> Figure:
    """Draw the theorem by k at one theta, and by theta at one k."""
    panels = (
        (f"theta {THETA:g}", [(f"k = {k}", THETA, k) for k in (2, 4, 8, 16)]),
        ("k 8", [(f"theta = {theta:g}", theta, 8) for theta in (0.05, 0.1, 0.2)]),
    )
    data = [
        {"panel": panel, "curve": name, "alpha": round(float(alpha), 4), "competence": round(float(c), 5)}
        for panel, curves in panels
        for name, theta, k in curves
        for alpha, c in zip(_ALPHAS, guarantee(_ALPHAS, theta, k).competence, strict=True)
    ]
    return Figure(
        name="skill-emergence-parameters",
        title="What the theorem guarantees, by skills of a text and by share of failed texts",
        see="Left: texts that use more skills say more about each. Right: twice the failures at k 8 is also "
        "what is guaranteed for pairs of skills, four times for sets of four.",
        alt="Two line charts of guaranteed competence against the share of skills left out: for four numbers "
        "of skills in a text, and for three shares of failed texts.",
        spec=charts.curves(data, ALPHA, COMPETENCE, series="curve", facet="panel", columns=2),
        model=SUBJECT,
    )


def adversaries(found: Sequence[Adversaries]) -> Figure:
    """Draw the worst failures found in each setting beside the bounds and the controls."""
    data: list[dict[str, Any]] = []
    for each in found:
        for kind, values in each.beta.items():
            ends = {"low": float(values.min()), "high": float(values.max())}
            data.append({"setting": each.name, "kind": kind, "beta": float(values.mean()), **ends})
        for kind, value in ((EXACT, each.exact), (CERTIFIED, each.certified)):
            data.append({"setting": each.name, "kind": kind, "beta": value, "low": None, "high": None})
    return Figure(
        name="skill-emergence-adversaries",
        title="The worst failures against the bound",
        see="The adversary comes close to the exact worst case and stays below the certified bound; where "
        "the skills of a text belong together, it gets past.",
        alt="Forest plot by setting: how far failures gather on skills, for the worst failures found, random "
        "failures and clustered skills, with the exact worst case and the certified bound.",
        spec=charts.intervals(
            data,
            BETA,
            row="setting",
            low="low",
            high="high",
            series="kind",
            order=(WORST, EXACT, CERTIFIED, CHANCE, CLUSTERED),
            controls=(CHANCE, CLUSTERED),
        ),
        model=SUBJECT,
    )


CERTIFIED = "certified bound"


def emergence(found: Emergence, params: SkillEmergenceParams) -> list[Figure]:
    """Draw competence by tokens for each size of sets, on two scales, and the guarantee as a table."""
    data = []
    for mode in MODES:
        means = found.competence[LINEAR, mode].mean(axis=0)
        data += _curves(mode, means, found)
    sure = np.stack([tuples.tensor(params.alpha, found.theta[LINEAR], params.k, t) for t in found.sizes], 1)
    return [
        _by_tokens(data + _curves("guaranteed", sure, found)),
        _by_hardness(data),
        _diagonal(sure, found),
    ]


def _curves(panel: str, values: np.ndarray, found: Emergence) -> list[dict[str, Any]]:
    return [
        {
            "panel": panel,
            "t": "single skills" if t == 1 else f"sets of {t}",
            "tokens": tokens,
            "competence": round(float(value), 5),
            "hardness": float(-np.log(max(value, 1e-6))),
        }
        for tokens, row in zip(found.tokens, values, strict=True)
        for t, value in zip(found.sizes, row, strict=True)
    ]


def _by_tokens(data: list[dict[str, Any]]) -> Figure:
    return Figure(
        name="skill-emergence-by-tokens",
        title="Skills and sets of skills along the scaling law",
        see="Single skills come smoothly; sets of many seem to come suddenly, though nothing sudden happens "
        "to any skill. The last panel is what the theorem guarantees.",
        alt="Line charts by which texts fail: competence on the worst fifth of sets against training tokens, "
        "a line for each number of skills in a set.",
        spec=charts.curves(data, TOKENS, REACHED, series="t", facet="panel", columns=2),
        model=SUBJECT,
    )


def _by_hardness(data: list[dict[str, Any]]) -> Figure:
    return Figure(
        name="skill-emergence-by-tokens-log",
        title="The same on a logarithmic scale",
        see="Minus the logarithm of competence falls along nearly straight, parallel lines: the suddenness "
        "of large sets is one of the scale it is read on.",
        alt="The same line charts with minus the logarithm of competence.",
        spec=charts.curves(data, TOKENS, HARDNESS, series="t", facet="panel", columns=3),
        model=SUBJECT,
    )


def _diagonal(sure: np.ndarray, found: Emergence) -> Figure:
    data = [
        {"tokens": f"{tokens:.0e}", "t": str(t), "competence": round(float(value), 3)}
        for tokens, row in zip(found.tokens, sure, strict=True)
        for t, value in zip(found.sizes, row, strict=True)
    ]
    return Figure(
        name="skill-emergence-diagonal",
        title="The diagonal of Corollary 13",
        see="Follow a diagonal from the left upwards: ten times the tokens, twice the skills at once, and "
        "the guaranteed competence stays the same.",
        alt="Heat map of guaranteed competence: numbers of skills used together by training tokens.",
        spec=charts.heatmap(
            data,
            COMPETENCE,
            x="tokens",
            y="t",
            x_title="training tokens",
            y_title="skills used together",
            y_order=[str(t) for t in reversed(found.sizes)],
            text=True,
        ),
        model=SUBJECT,
    )


def _jumps(records: Sequence[dict[str, Any]]) -> list[Rule]:
    panels = {record["condition"]: record["per_text"] for record in records if record["law"] == "peeling"}
    return [
        Rule(threshold, "jump", across="x", facet=panel)
        for panel, per_text in panels.items()
        if (threshold := peeling_threshold(per_text)) is not None
    ]


def peeling(records: Sequence[dict[str, Any]]) -> Figure:
    """Draw what the peeling learner never learns, simulated and predicted."""
    data = [
        {"panel": record["condition"], "kind": kind, "x": record["x"], "share": record[kind]}
        for record in records
        if record["law"] == "peeling"
        for kind in ("simulated", "predicted")
    ]
    return Figure(
        name="skill-emergence-peeling",
        title="A learner that needs all other skills of a text",
        see="With two skills in a text learning is gradual; from three on it waits for enough texts and then "
        "comes at once. This is a law of learning that the theorem itself does not have.",
        alt="Line charts by skills of a text: share of skills never learned against texts for each skill, "
        "simulated and from the fixed point.",
        spec=charts.curves(
            data,
            RATIO,
            UNLEARNED,
            series="kind",
            facet="panel",
            controls=("predicted",),
            rules=_jumps(records),
            columns=3,
        ),
        model=SUBJECT,
    )
