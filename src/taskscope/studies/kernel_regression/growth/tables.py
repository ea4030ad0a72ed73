"""The table of M11: slopes and floors."""

from __future__ import annotations

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.growth.findings import Growth


def tables(found: Growth) -> list[Table]:
    """Tabulate one model and task."""
    rows = []
    for curve in found.curves:
        fitted = curve.fitted
        told = ("", "", None) if fitted is None else (_told(fitted.exponent), _told(fitted.floor), fitted.aic)
        ends = (round(curve.distance[i].value, 4) for i in (0, -1))
        aic = None if told[2] is None else round(told[2], 2)
        last = curve.chosen[-1] if curve.chosen else ""
        slope = "" if curve.slope is None else _told(curve.slope)
        rows.append((curve.method, *ends, slope, told[0], told[1], aic, last))
    columns = ("vote", f"at {found.shots[0]}", f"at {found.shots[-1]}", "slope", "exponent", "floor")
    return [
        Table(
            name=f"kernel-regression-{slug(found.model)}-{slug(found.task)}-growth",
            title=f"Distance from the model's law as demonstrations are added: {found.task}",
            columns=(*columns, "AIC of the floor", f"chosen at {found.shots[-1]}"),
            rows=tuple(rows),
            note="Total variation over the labels. Slope of its logarithm on that of the number of "
            "demonstrations; exponent b and floor f of c n^-b + f, b between 0.05 and 3. The theorem has "
            "b = 1/2. Both are from as many demonstrations as classes on. Intervals resample "
            f"{found.n_questions} questions; heads and temperatures were chosen on others at each number. "
            "AIC below 0 speaks for a floor.",
            model=found.model,
        )
    ]


def _told(measure: Measure) -> str:
    return f"{measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})"
