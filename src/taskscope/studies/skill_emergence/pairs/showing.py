"""Pairs as a figure and two tables."""

from __future__ import annotations

from collections.abc import Sequence

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.studies.judgement import Measure
from taskscope.studies.skill_emergence.pairs.names import skills, write
from taskscope.studies.skill_emergence.pairs.resampling import FLOOR, ModelPairs, Pair, mean
from taskscope.studies.skill_emergence.pairs.rows import APART, TOGETHER
from taskscope.studies.wording import percent

PRODUCT = Axis("product", "product of the single skills", domain=(0, 1), format=".0%")
BOTH = Axis("both", "both asked together, right", domain=(0, 1), format=".0%")

IN_TRAINING = "in the built-in models' training texts"
"""Why a pair is not judged, of any model."""


def figure(found: Sequence[ModelPairs], subject: str) -> Figure:
    """Draw competence on every pair against the product of its skills, a point for each model."""
    data = [
        {
            "panel": panel,
            "model": each.model,
            "label": f"{each.model}: {write(skills(pair.grid.pair), 'x')}",
            "product": round(float(pair.product[0]), 4),
            "both": round(float(shares[0]), 4),
        }
        for each in found
        for pair in each.pairs
        for panel, shares in ((APART, pair.both), (TOGETHER, pair.together))
    ]
    return Figure(
        name="skill-emergence-pairs",
        title="Does competence on pairs follow the product of the single skills?",
        see="On the line two skills fail each on its own. Below it they are there and are not combined; "
        "above it the pair is known as one thing. Left: pairs were never shown.",
        alt="Two scatter plots, a point for each model and pair of skills: share of pairs answered right "
        "against the product of the single "
        "shares, after demonstrations of each skill alone, and of pairs too.",
        spec=charts.scatter(
            data,
            PRODUCT,
            BOTH,
            series="model",
            label="label",
            facet="panel",
            order=[each.model for each in found],
            diagonal=True,
        ),
        model=subject,
    )


def tables(found: Sequence[ModelPairs], subject: str) -> list[Table]:
    """Tabulate every model, and every pair of every model."""
    return [_by_model(found, subject), _by_pair(found, subject)]


def _by_model(found: Sequence[ModelPairs], subject: str) -> Table:
    return Table(
        name="skill-emergence-pairs-by-model",
        title="Pairs of skills by size and training",
        columns=(
            *(
                "model",
                "parameters",
                "tokens",
                "pairs judged",
                "product of single skills",
                "both, shown apart",
            ),
            *("one asked, answer of both", "both, pairs shown too"),
        ),
        rows=tuple(_model_row(each) for each in found),
        note="Mean over the judged pairs of each model: both skills are there (their product is clearly "
        f"above {percent(FLOOR)}) and the pair is not in the built-in models' training texts; that list is "
        "the same for all models, whatever they were trained on. Which skills are there differs, so rows do "
        "not compare like with like. 95 % intervals over draws of demonstrations.",
        model=subject,
    )


def _model_row(each: ModelPairs) -> tuple[str, ...]:
    told = (
        each.model,
        f"{each.parameters:,.0f}",
        "–" if each.tokens is None else f"{each.tokens:,.0f}",
        f"{len(each.judged)} of {len(each.pairs)}",
    )
    if not each.judged:
        return (*told, "–", "–", "–", "–")
    return (*told, *(_share(mean(each.judged, w)) for w in ("product", "both", each.control, "together")))


def _by_pair(found: Sequence[ModelPairs], subject: str) -> Table:
    return Table(
        name="skill-emergence-pairs",
        title="Every pair of skills",
        columns=(
            *("model", "pair", "first skill", "second skill", "product", "both, shown apart"),
            *(
                "first asked, answer of both",
                "second asked, answer of both",
                "both, pairs shown too",
                "judged",
            ),
        ),
        rows=tuple(_pair_row(each.model, pair) for each in found for pair in each.pairs),
        note="Whole answers with their line end. The first skill is used first, the second is asked of its "
        "right answer. Not judged: one of the skills is not there, or the pair is in the built-in models' "
        "training texts. All models are held to the same list, whatever they were trained on; what other "
        "models have read is not known.",
        model=subject,
    )


def _pair_row(model: str, pair: Pair) -> tuple[str, ...]:
    shares = (pair.first, pair.second, pair.product)
    alone = (pair.first_alone, pair.second_alone)
    judged = IN_TRAINING if pair.grid.in_training else "yes" if pair.able else "nothing to combine"
    return (
        model,
        write(skills(pair.grid.pair), "x"),
        *(percent(share[0]) for share in shares),
        _share(mean([pair], "both")),
        *(percent(share[0]) for share in alone),
        _share(mean([pair], "together")),
        judged,
    )


def _share(measure: Measure) -> str:
    return f"{percent(measure.value)} ({100 * measure.low:.0f} to {100 * measure.high:.0f})"
