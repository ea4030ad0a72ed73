"""Nested calls as numbers."""

from __future__ import annotations

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.structured_tasks.nested.figures import see
from taskscope.studies.structured_tasks.nested.resampling import FLOOR, ModelNested, Nested
from taskscope.studies.wording import percent
from taskscope.tasks.nested.names import call


def tables(found: ModelNested) -> list[Table]:
    """Tabulate every composition."""
    draws = sorted({each.grid.n_draws for each in found.compositions})
    return [
        Table(
            name=f"structured-tasks-{slug(found.model)}-nested",
            title="Nested calls",
            columns=(
                "call",
                "single calls, innermost first",
                "product",
                "nested",
                "nested less product (points)",
                "nested where all single calls are right",
                "nested, when such are shown",
                "wrong: stops early",
                "wrong: skips a call",
                "something to compose",
            ),
            rows=tuple(_row(each) for each in found.compositions),
            note=f"{see(found)} Shares of whole answers with 95 % intervals over "
            f"{' or '.join(str(n) for n in draws)} draws of demonstrations; an accepted answer of an inner "
            "call may lead to several accepted answers of the nested one. Shares of wrong answers are of all "
            "wrong nested answers: the answer of an inner call, or that of the outermost with an inner one "
            "left out (where that exists). There is something to compose where the product is clearly above "
            f"{percent(FLOOR)}.",
            model=found.model,
        )
    ]


def _row(each: Nested) -> tuple[str, ...]:
    n_wrong, stops, skips = each.wrong
    gap = Measure.of(each.nested - each.product)
    return (
        call(each.grid.tasks, "x"),
        ", ".join(percent(share) for share in each.alone[0]),
        _share(each.expected),
        _share(each.share(each.nested)),
        f"{_points(gap.value)} ({_points(gap.low)} to {_points(gap.high)})",
        "–" if np.isnan(each.through[0]) else f"{percent(each.through[0])} of {percent(each.every[0])}",
        _share(each.share(each.shown)),
        *((f"{percent(stops)} of {n_wrong}", f"{percent(skips)} of {n_wrong}") if n_wrong else ("–", "–")),
        "yes" if each.to_compose else "no",
    )


def _points(difference: float) -> str:
    return f"{round(100 * difference):+d}"  # as a whole number first: nothing is -0


def _share(measure: Measure) -> str:
    return f"{percent(measure.value)} ({100 * measure.low:.0f} to {100 * measure.high:.0f})"
