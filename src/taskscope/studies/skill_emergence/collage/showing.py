"""Collages as a figure and a table."""

from __future__ import annotations

from collections.abc import Mapping

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Mark, Rule
from taskscope.report.findings import Figure, Table
from taskscope.studies.skill_emergence.collage.rows import PLAIN, SHUFFLED, Outcomes
from taskscope.studies.skill_emergence.verdict import measure

SHARE = Axis("share", "share", domain=(0, 1), format=".0%")
EXACT, RECALL, FIRST = (
    "all four digits on top",
    "a digit among the four highest",
    "the highest is in the collage",
)


def figure(found: Mapping[str, Outcomes], subject: str) -> Figure:
    """Draw how often one, each and all digits are found, by condition."""
    data = []
    for condition, outcomes in found.items():
        for row, values in (
            (EXACT, outcomes.exact),
            (RECALL, outcomes.recall),
            (FIRST, outcomes.first.mean(axis=1)),
        ):
            at = measure(values)
            ends = {"low": max(0.0, at.low), "high": min(1.0, at.high)}
            data.append({"row": row, "condition": condition, "share": at.value, **ends})
    return Figure(
        name="skill-emergence-collages",
        title="Told one digit of four, asked for all",
        see="One label for each collage is enough where a detector is shared by the tiles; a plain network "
        "of the same training finds most digits and seldom all four.",
        alt="Forest plot: share of collages with all four digits on top, of digits among the four highest, "
        "and of collages whose highest class is in them, by condition.",
        spec=charts.intervals(
            data,
            SHARE,
            row="row",
            low="low",
            high="high",
            series="condition",
            rows=(EXACT, RECALL, FIRST),
            order=tuple(found),
            controls=(SHUFFLED, PLAIN),
            rules=[Rule(0.4, "guessing a digit", across="x")],
            published=[Mark("ViT", 0.92, at=EXACT)],
        ),
        model=subject,
    )


def table(found: Mapping[str, Outcomes], subject: str) -> Table:
    """Tabulate the shares, and what independent digits would give."""
    rows = []
    for condition, outcomes in found.items():
        each = (outcomes.exact, outcomes.product, outcomes.recall, outcomes.first.mean(axis=1))
        told = (f"{v.mean():.3f} ± {v.std(ddof=1) if len(v) > 1 else 0:.3f}" for v in each)
        rows.append((condition, len(outcomes.exact), outcomes.hits.shape[1], *told))
    return Table(
        name="skill-emergence-collages",
        title="Collages of four digits, one label each",
        columns=(
            *("trained as", "trainings", "test collages", EXACT),
            *("product of recalls", RECALL, FIRST),
        ),
        rows=tuple(rows),
        note="Mean and standard deviation over trainings. Test collages are of digits that no training saw. "
        "The epoch is chosen by the loss on one label of held-out collages. Unless others were given, digits "
        "have 8 x 8 pixels and are not those of the paper: 92 % there and the share here are alike in kind, "
        "not in number.",
        model=subject,
    )
