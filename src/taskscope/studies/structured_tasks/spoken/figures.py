"""The figure and the table of functions named in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.structured_tasks.nested.resampling import FLOOR
from taskscope.studies.structured_tasks.spoken.grids import Spoken
from taskscope.studies.wording import percent

SHARE = Axis("share", "answered right", domain=(0, 1), format=".0%")
TOGETHER, PRODUCT = "asked for together", "product of the single functions"
LANGUAGES = {"en": "English", "ja": "Japanese"}


def figures(model: str, found: Sequence[Spoken]) -> list[Figure]:
    """Draw what is right when functions are asked for together, beside the product of the single ones."""
    data = []
    for each in found:
        for asked in each.nests:
            both = ((TOGETHER, each.share(each.right[asked])), (PRODUCT, each.expected(asked)))
            for series, measure in both:
                numbers = {"share": measure.value, "low": measure.low, "high": measure.high}
                row = {"way": way(each), "asked": ", ".join(asked), "series": series}
                data.append({**row, **{name: round(value, 4) for name, value in numbers.items()}})
    return [
        Figure(
            name=f"structured-tasks-{slug(model)}-spoken",
            title="Are functions of sentences put together when words ask for them?",
            see=see(found),
            alt=f"Forest plots for {model}, one per language and way of asking, a row per request: share of "
            "right answers, and the product of the shares of the single functions, with 95 % intervals over "
            "sentences.",
            spec=charts.intervals(
                data,
                SHARE,
                row="asked",
                low="low",
                high="high",
                series="series",
                facet="way",
                order=(TOGETHER, PRODUCT),
                controls=(PRODUCT,),
            ),
            model=model,
        )
    ]


def tables(model: str, found: Sequence[Spoken]) -> list[Table]:
    """Tabulate every request."""
    rows = []
    for each in found:
        if not each.right:
            rows.append((way(each), "not asked: longer than the model's context", 0, "–", "–", "–"))
        for asked, draws in each.right.items():
            cells = ("–", "–")
            if len(asked) > 1:
                gap = Measure.of(draws - each.product(asked))
                told = f"{100 * gap.value:+.0f} ({100 * gap.low:+.0f} to {100 * gap.high:+.0f})"
                cells = (_share(each.expected(asked)), told)
            rows.append((way(each), ", ".join(asked), each.n_sentences, _share(each.share(draws)), *cells))
    return [
        Table(
            name=f"structured-tasks-{slug(model)}-spoken",
            title="Functions of sentences, named in words",
            columns=("way", "asked for", "sentences", "right", "product", "less the product (points)"),
            rows=tuple(rows),
            note="An answer's first line is right if it keeps the words, has the form that was asked for and "
            "no other. Negation, tense and Japanese politeness are forms of the verb; for English politeness "
            "and for cheerfulness a word of a list must be there, which is a weaker rule. Where functions "
            "are shown, each is shown alone. Intervals are over sentences.",
            model=model,
        )
    ]


def way(each: Spoken) -> str:
    """Name language and way of asking: `English, named in words`."""
    return f"{LANGUAGES[each.language]}, {each.condition}" + (", as a conversation" if each.chat else "")


def see(found: Sequence[Spoken]) -> str:
    """Say what to see: how requests for several functions compare with what independent steps would give."""
    pairs = [(each, asked) for each in found for asked in each.nests]
    able = [(each, asked) for each, asked in pairs if np.quantile(each.product(asked)[1:], 0.025) > FLOOR]
    if not able:
        return (
            "Nothing to compose: in no request does the model do the single functions well enough (their "
            f"product is not clearly above {percent(FLOOR)}), so wrong answers say nothing about it."
        )
    together = float(np.mean([each.right[asked][0] for each, asked in able]))
    product = float(np.mean([each.product(asked)[0] for each, asked in able]))
    return (
        f"Where the single functions are done ({len(able)} of {len(pairs)} requests), {percent(together)} of "
        f"the answers are right; steps that fail each on its own would give {percent(product)}."
    )


def _share(measure: Measure) -> str:
    return f"{percent(measure.value)} ({100 * measure.low:.0f} to {100 * measure.high:.0f})"
