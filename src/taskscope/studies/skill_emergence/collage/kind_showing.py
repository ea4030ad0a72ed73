"""Collages of other kinds as a figure and a table, each number beside what guessing gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from taskscope.report import charts
from taskscope.report.findings import Figure, Table
from taskscope.studies.skill_emergence.collage.kinds import STANDARD, Kind
from taskscope.studies.skill_emergence.collage.rows import Outcomes
from taskscope.studies.skill_emergence.collage.showing import SHARE
from taskscope.studies.skill_emergence.verdict import measure

ALL, EACH = "all digits on top", "a digit on top"
GUESSING, ONE_KNOWN = "guessing", "one digit known, the others guessed"

Kinds = Mapping[Kind, Mapping[str, Outcomes]]


def figure(standard: Mapping[str, Outcomes], found: Kinds, subject: str) -> Figure:
    """Draw how often all digits and each are found, by kind of collages and classifier.

    Args:
        standard: By condition, on the paper's kind of collages; those that other kinds lack are left out.
        found: By kind and condition.
        subject: What the figure is about.
    """
    shown = _with_standard(standard, found)
    data: list[dict[str, Any]] = []
    for kind, conditions in shown.items():
        own = {"row": kind.name}
        for condition, outcomes in conditions.items():
            for panel, values in ((ALL, outcomes.exact), (EACH, outcomes.recall)):
                at = measure(values)
                ends = {"low": max(0.0, at.low), "high": min(1.0, at.high)}
                data.append({**own, "panel": panel, "series": condition, "share": at.value, **ends})
        guesses = [(GUESSING, kind.guessed, kind.guessed_each)]
        guesses += [(ONE_KNOWN, kind.one_known, kind.one_known_each)] if kind.named is not None else []
        for series, all_, each in guesses:
            for panel, share in ((ALL, all_), (EACH, each)):
                data.append(
                    {**own, "panel": panel, "series": series, "share": share, "low": None, "high": None}
                )
    return Figure(
        name="skill-emergence-collage-kinds",
        title="Other collages: one tile always named, other grids, fewer digits",
        see="On top are as many of the highest classes as there are tiles, so guessing differs by row. Where "
        "one tile is always named, a detector shared by all tiles cannot tell which it is; a network that "
        "knows places can, and then nothing asks it for the others.",
        alt="Forest plots: share of collages with all digits on top and of digits on top, by kind of "
        "collages and classifier, beside guessing.",
        spec=charts.intervals(
            data,
            SHARE,
            row="row",
            low="low",
            high="high",
            series="series",
            facet="panel",
            rows=tuple(kind.name for kind in shown),
            order=tuple(dict.fromkeys(point["series"] for point in data)),
            controls=(GUESSING, ONE_KNOWN),
        ),
        model=subject,
    )


def table(standard: Mapping[str, Outcomes], found: Kinds, subject: str) -> Table:
    """Tabulate the same, with the product of recalls and, where a tile is always named, its share and theirs.

    Args:
        standard: As for `figure`.
        found: As for `figure`.
        subject: What the table is about.
    """
    rows = []
    for kind, conditions in _with_standard(standard, found).items():
        for condition, outcomes in conditions.items():
            places = ("–", "–") if kind.named is None else map(_told, outcomes.places(kind.named))
            rows.append(
                (
                    *(kind.name, condition, len(outcomes.exact)),
                    *(_told(outcomes.exact), f"{kind.guessed:.3f}", _told(outcomes.product)),
                    *(_told(outcomes.recall), f"{kind.guessed_each:.3f}", *places),
                )
            )
    return Table(
        name="skill-emergence-collage-kinds",
        title="Collages of other kinds, one label each",
        columns=(
            *("collages", "trained as", "trainings", ALL, "by guessing", "product of recalls"),
            *(EACH, "each by guessing", "at the named tile", "at the other tiles"),
        ),
        rows=tuple(rows),
        note="Mean and standard deviation over trainings, each on as many collages and labels as the others. "
        "On top are as many of the highest classes as there are tiles. Where there are fewer than ten "
        "digits, each training draws which. The epoch is chosen by the loss on one label of held-out "
        "collages, drawn as the training's are. One tile is plain classification. Of nine different digits "
        "out of ten either all are on top or one is missing, so they are not found apart and the product "
        "does not apply."
        + "".join(
            f" {kind.name}: who knows that tile alone and guesses the others has {kind.one_known:.3f} and "
            f"{kind.one_known_each:.3f}."
            for kind in found
            if kind.named is not None
        ),
        model=subject,
    )


def _with_standard(standard: Mapping[str, Outcomes], found: Kinds) -> dict[Kind, Mapping[str, Outcomes]]:
    """Put the paper's kind in front, by the conditions that other kinds have."""
    others = {condition for conditions in found.values() for condition in conditions}
    own = {condition: each for condition, each in standard.items() if condition in others}
    return dict(((STANDARD, own), *found.items())) if own else dict(found)


def _told(values: np.ndarray) -> str:
    return f"{values.mean():.3f} ± {values.std(ddof=1) if len(values) > 1 else 0:.3f}"
