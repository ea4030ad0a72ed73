"""What the page shows of the triangle: how far trained models, Bayes and kernel regression are apart."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.drawing import ends
from taskscope.studies.kernel_regression.simulated import triangle
from taskscope.studies.kernel_regression.simulated.repeated import means, repeats, told
from taskscope.studies.kernel_regression.simulated.rows import Curves

SIDES = {
    triangle.side(triangle.SIDES[0]): "model to exact Bayes",
    triangle.side(triangle.SIDES[1]): "model to kernel regression",
    triangle.side(triangle.SIDES[2]): "exact Bayes to kernel regression",
}
WORTH = "exact Bayes to Bayes without demonstrations"
SHOWN = {**SIDES, triangle.side(triangle.BESIDE[0]): WORTH}


def figures(rows: pa.Table) -> list[Figure]:
    """Draw the sides of the triangle against demonstrations; nothing where no learner answered."""
    known = repeats(rows, triangle.NUMBER)
    if not known:
        return []
    measured = {sides: _over_worlds(known, name, triangle.APART) for name, sides in SHOWN.items()}
    data = [
        {
            "n": n,
            "between": sides,
            **ends(measure, "apart"),
        }
        for sides, sizes in measured.items()
        for n, measure in sizes.items()
    ]
    most = max(triangle.SIZES_SHOWN)
    last = [measured[sides][most].value for sides in SIDES.values()]
    return [
        Figure(
            name="kernel-regression-theory-triangle",
            title="Trained on text alone: closer to Bayes or to kernel regression",
            see=f"After {most} demonstrations the trained model lies {last[0]:.3f} from exact Bayes; kernel "
            f"regression lies {last[1]:.3f} from the model and {last[2]:.3f} from Bayes.",
            alt="Lines on log axes: mean total variation between the laws of a trained transformer, exact "
            "Bayes and kernel regression, against the number of demonstrations.",
            spec=charts.curves(
                data,
                Axis("n", "demonstrations", log=True, whole=True),
                Axis("apart", "total variation", log=True, format=".2~g"),
                series="between",
                low="low",
                high="high",
                order=list(SHOWN.values()),
                controls=[WORTH],
            ),
        )
    ]


def tables(rows: pa.Table) -> list[Table]:
    """Tabulate every distance by demonstrations, and the sides of every world after the most."""
    known = repeats(rows, triangle.NUMBER)
    return [_sides(known), _worlds(known)] if known else []


def _sides(known: Curves) -> Table:
    distances = [*SHOWN, *map(triangle.side, triangle.BESIDE[1:])]
    columns = [_over_worlds(known, name, triangle.APART) for name in distances]
    columns.append(_over_worlds(known, next(iter(SIDES)), triangle.SURPRISE))
    return Table(
        name="kernel-regression-theory-triangle",
        title="A trained transformer, exact Bayes and kernel regression",
        columns=(
            "n",
            *SHOWN.values(),
            *(f"model to {kernel}" for _, kernel in triangle.BESIDE[1:]),
            triangle.SURPRISE,
        ),
        rows=tuple((n, *(told(column[n]) for column in columns)) for n in columns[0]),
        note="Mean total variation between laws of the label (0: the same, 1: nothing in common), with 95 % "
        f"intervals over the prompts of {len(_settings(known))} worlds, each with a network of its own that "
        "was trained on its documents alone. Kernel regression is of kernel F, moved to the nearest law "
        "where its signed weights leave the simplex; B and C are the other kernels that know the mixture "
        "alone.",
    )


def _worlds(known: Curves) -> Table:
    most = int(np.argmax(triangle.SIZES_SHOWN))
    records = []
    for setting in _settings(known):
        values = [known[setting, name, triangle.APART].values[:, most] for name in SHOWN]
        records.append((setting, *(told(means([value[:, None]], setting)[0]) for value in values)))
    return Table(
        name="kernel-regression-theory-triangle-worlds",
        title="The same, world by world",
        columns=("world", *SHOWN.values()),
        rows=tuple(records),
        note=f"After {triangle.SIZES_SHOWN[most]} demonstrations. Worlds were drawn from the first "
        "seeds there are and not chosen.",
    )


def _over_worlds(known: Curves, method: str, metric: str) -> dict[int, Measure]:
    """Average a distance over prompts and worlds, by demonstrations."""
    worlds = [known[setting, method, metric].values for setting in _settings(known)]
    return dict(zip(triangle.SIZES_SHOWN, means(worlds, method, metric), strict=True))


def _settings(known: Curves) -> list[str]:
    return list(dict.fromkeys(setting for setting, _, _ in known))
