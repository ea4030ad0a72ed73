"""The figure of nested calls, and the sentence that says what to see in it."""

from __future__ import annotations

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.structured_tasks.nested.resampling import FLOOR, ModelNested, mean
from taskscope.studies.wording import percent
from taskscope.tasks.nested.names import call

SHARE = Axis("share", "answered right", domain=(0, 1), format=".0%")
NESTED, PRODUCT, SHOWN = "nested calls", "product of the single calls", "nested calls, when such are shown"
MEAN = "mean of all"


def figures(found: ModelNested) -> list[Figure]:
    """Draw nested calls beside the product of the single calls."""
    return [_intervals(found)]


def _intervals(found: ModelNested) -> Figure:
    data = []
    for each in found.compositions:
        row = call(each.grid.tasks, "x")
        data += _records(row, each.share(each.nested), each.expected, each.share(each.shown))
    if len(found.compositions) > 1:
        parts = (
            [getattr(one, what) for one in found.compositions] for what in ("nested", "product", "shown")
        )
        data += _records(MEAN, *(mean(part) for part in parts))
    return Figure(
        name=f"structured-tasks-{slug(found.model)}-nested",
        title="Are functions that were shown apart put together?",
        see=see(found),
        alt=f"Forest plot for {found.model}, a row per composition: share of nested calls answered right, "
        "product of the shares of the single calls, and nested calls right where nested calls are shown, "
        "with 95 % intervals over draws of demonstrations.",
        spec=charts.intervals(
            data,
            SHARE,
            row="call",
            low="low",
            high="high",
            series="series",
            order=(NESTED, PRODUCT, SHOWN),
            controls=(PRODUCT,),
        ),
        model=found.model,
    )


def _records(row: str, nested: Measure, product: Measure, shown: Measure) -> list[dict[str, object]]:
    return [
        {
            "call": row,
            "series": series,
            "share": round(measure.value, 4),
            "low": round(measure.low, 4),
            "high": round(measure.high, 4),
        }
        for series, measure in ((NESTED, nested), (PRODUCT, product), (SHOWN, shown))
    ]


def see(found: ModelNested) -> str:
    """Say what to see: how nested calls compare with what independent steps would give."""
    n, able = len(found.compositions), found.able
    if not able:
        return (
            "Nothing to compose: in no composition does the model do the single calls well enough (their "
            f"product is not clearly above {percent(FLOOR)}), so wrong nested calls say nothing about it."
        )
    nested, product = mean([each.nested for each in able]), mean([each.product for each in able])
    gap = mean([each.nested - each.product for each in able])
    text = (
        f"Where the single calls are done ({len(able)} of {n} compositions), {percent(nested.value)} of the "
        f"nested calls are right; steps that fail each on its own would give "
        f"{percent(product.value)}, the product of the single calls. {_compared(gap)}"
    )
    if len(able) < n:
        text += f" In the other {n - len(able)} there is nothing to compose."
    return text


def _compared(gap: Measure) -> str:
    points = f"{100 * abs(gap.value):.0f} points (95 %: {100 * gap.low:+.0f} to {100 * gap.high:+.0f})"
    if gap.high < 0:
        return f"Nesting itself costs {points}."
    if gap.low > 0:
        return f"Nested calls do better than that, by {points}."
    return f"The two differ by {points}: no difference is seen."
