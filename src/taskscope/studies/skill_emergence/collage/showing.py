"""Collages as a figure and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isqrt
from typing import Any

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Mark, Rule
from taskscope.report.findings import Figure, Table
from taskscope.report.pictures import Picture, gallery
from taskscope.studies.skill_emergence.collage.kinds import STANDARD
from taskscope.studies.skill_emergence.collage.rows import PLAIN, TILES, Outcomes
from taskscope.studies.skill_emergence.verdict import measure

SHARE = Axis("share", "share", domain=(0, 1), format=".0%")
EXACT, RECALL, FIRST = (
    "all four digits on top",
    "a digit among the four highest",
    "the highest is in the collage",
)
CHANCE = {EXACT: STANDARD.guessed, RECALL: STANDARD.guessed_each, FIRST: STANDARD.guessed_each}
"""What guessing four different classes of ten gives."""


def figure(found: Mapping[str, Outcomes], subject: str) -> Figure:
    """Draw how often one, each and all digits are found, by condition."""
    data = []
    for condition, outcomes in found.items():
        for panel, values in (
            (EXACT, outcomes.exact),
            (RECALL, outcomes.recall),
            (FIRST, outcomes.first.mean(axis=1)),
        ):
            at = measure(values)
            ends = {"low": max(0.0, at.low), "high": min(1.0, at.high)}
            data.append({"panel": panel, "condition": condition, "share": at.value, **ends})
    return Figure(
        name="skill-emergence-collages",
        title="Told one digit of four, asked for all",
        see="One label for each collage is enough where a detector is shared by the tiles, also for pairs of "
        "digits that were never shown together; more labels bring little. Other networks find most digits "
        "and seldom all four. The broken lines are guessing.",
        alt="Forest plots: share of collages with all four digits on top, of digits among the four highest, "
        "and of collages whose highest class is in them, by condition.",
        spec=charts.intervals(
            data,
            SHARE,
            row="condition",
            low="low",
            high="high",
            facet="panel",
            rows=tuple(found),
            rules=[Rule(level, "", across="x", facet=panel) for panel, level in CHANCE.items()],
            published=[Mark("ViT", 0.92, at=TILES, facet=EXACT)],
            columns=3,
        ),
        model=subject,
    )


def pictures(told: Sequence[dict[str, Any]], subject: str) -> Figure:
    """Draw a few test collages with what two classifiers have on top, the shared detector and the plain one.

    Args:
        told: Records of the part of pictures.
        subject: What the figure is about.
    """
    rows = []
    for condition in (name for name in (TILES, PLAIN) if name in {record["condition"] for record in told}):
        seed = min(record["seed"] for record in told if record["condition"] == condition)
        own = [record for record in told if (record["condition"], record["seed"]) == (condition, seed)]
        rows.append((condition, [_picture(record) for record in own]))
    return Figure(
        name="skill-emergence-pictures",
        title="Collages of the test, and what is on top",
        see="Below each collage: its digits, then the four highest classes of a classifier that was told one "
        "digit of every collage it learned from, and never of these. Point at one for all ten chances.",
        alt="Rows of small pictures, each of four handwritten digits in a square, with the digits in it and "
        "the four that the classifier has on top written below.",
        spec=gallery(rows),
        model=subject,
    )


def _picture(record: dict[str, Any]) -> Picture:
    side = isqrt(len(record["pixels"]))
    bright = [int(character, 16) / 15 for character in record["pixels"]]
    chances = record["chances"]
    top = sorted(range(len(chances)), key=lambda digit: -chances[digit])[: len(record["digits"])]
    right = len(set(map(str, top)) & set(record["digits"]))
    return Picture(
        [[round(value, 2) for value in bright[side * n : side * (n + 1)]] for n in range(side)],
        (f"shows {' '.join(record['digits'])}", f"top {' '.join(map(str, top))}: {right} of {len(top)}"),
        hover=", ".join(f"{digit}: {chance:.0%}" for digit, chance in enumerate(chances)),
        good=right == len(top),
    )


def table(found: Mapping[str, Outcomes], subject: str) -> Table:
    """Tabulate the shares, and what independent digits would give."""
    rows = []
    for condition, outcomes in found.items():
        each = (outcomes.exact, outcomes.product, outcomes.recall, outcomes.first.mean(axis=1))
        told = [f"{v.mean():.3f} ± {v.std(ddof=1) if len(v) > 1 else 0:.3f}" for v in each]
        mass = "–" if np.isnan(outcomes.mass).any() else f"{outcomes.mass.mean():.3f}"
        rows.append((condition, len(outcomes.exact), outcomes.hits.shape[1], *told, mass))
    return Table(
        name="skill-emergence-collages",
        title="Collages of four digits, one label each",
        columns=(
            *("trained as", "trainings", "test collages", EXACT),
            *("product of recalls", RECALL, FIRST, "probability of the four"),
        ),
        rows=tuple(rows),
        note="Mean and standard deviation over trainings; guessing gives 0.005, 0.400, 0.400 "
        "and 0.400; a network that gives each digit of a collage a quarter, as one label of four asks for, "
        "puts all its probability on them. Test "
        "collages are of digits that no training saw. The epoch is chosen by the loss on one label of "
        "held-out collages. Pairs never shown together: 0 and 1, 2 and 3, and so on; every test collage of "
        "that line holds one of them. Unless others were given, digits have 8 x 8 pixels and are not those "
        "of the paper: 92 % there and the share here are alike in kind, not in number.",
        model=subject,
    )
