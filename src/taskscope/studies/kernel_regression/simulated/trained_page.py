"""What the page shows of trained attention networks on in-context linear regression (S6)."""

from __future__ import annotations

import pyarrow as pa

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.drawing import intervals
from taskscope.studies.kernel_regression.simulated import attention_learner, linear, trained
from taskscope.studies.kernel_regression.simulated.repeated import means, repeats
from taskscope.studies.kernel_regression.simulated.repeated import told as with_interval
from taskscope.studies.kernel_regression.simulated.rows import Curves, curves

SIDES = {
    trained.distance_to(trained.ONE_STEP): "network to one gradient step",
    trained.distance_to(trained.RIDGE): "network to the nearest ridge regression",
    trained.distance_to(trained.LEAST_SQUARES): "network to Bayes (least squares)",
}
BETWEEN = "one gradient step to Bayes"
SHOWN = {**SIDES, trained.BETWEEN: BETWEEN}


def figures(rows: pa.Table) -> list[Figure]:
    """Draw the distance of every network to every learner, and the triangle; nothing without networks."""
    found = curves(rows, linear.NUMBER)
    names = _names(found)
    return [_map(found, names), _triangle(rows, names)] if names else []


def _map(found: Curves, names: list[str]) -> Figure:
    data = [
        {"network": told(name), "learner": reference, "distance": round(value, 4)}
        for name in names
        for reference, value in _distances(found, name).items()
    ]
    see = "; ".join(f"{told(name)} lies nearest to {_nearest(found, name)}" for name in names)
    return Figure(
        name="kernel-regression-trained-learners",
        title="Which learner do trained networks follow",
        see=f"{see}. Answers differ by 0 where two predictors are one.",
        alt="Heat-map: mean squared difference between the answers of trained networks and of learners.",
        spec=charts.heatmap(
            data,
            Axis("distance", "squared difference", format=".3f"),
            x="learner",
            y="network",
            x_title="learner",
            y_title="trained network",
            x_order=list(trained.REFERENCES),
            y_order=[told(name) for name in names],
        ),
    )


def _triangle(rows: pa.Table, names: list[str]) -> Figure:
    """Draw the sides between a network, one gradient step and Bayes, with intervals over prompts."""
    sides = _sides(rows, names)
    nearest = [
        f"{told(name)}: {min(SIDES.values(), key=lambda side, name=name: sides[name][side].value)}"
        for name in names
    ]
    return Figure(
        name="kernel-regression-trained-triangle",
        title="A trained network, one gradient step and Bayes",
        see=f"Shortest sides: {'; '.join(nearest)}. Without noise Bayes is least squares.",
        alt="Interval chart: mean squared difference between the answers of trained networks, of one "
        "gradient step, of ridge regression and of Bayes.",
        spec=intervals(
            ((told(name), between, measure) for name in names for between, measure in sides[name].items()),
            Axis("apart", "squared difference of answers", format=".2f"),
            "network",
            "between",
            order=list(SHOWN.values()),
            controls=[BETWEEN],
            digits=5,
        ),
    )


def tables(rows: pa.Table) -> list[Table]:
    """Tabulate loss, distances and sensitivities of every network, and the sides of the triangle."""
    found = curves(rows, linear.NUMBER)
    names = _names(found)
    if not names:
        return []
    sides = _sides(rows, names)
    return [
        Table(
            name="kernel-regression-trained-triangle",
            title="A trained network, one gradient step and Bayes",
            columns=("network", *SHOWN.values(), "penalty of that ridge regression"),
            rows=tuple(
                (
                    told(name),
                    *(with_interval(measure, 4) for measure in sides[name].values()),
                    _penalty(rows, name),
                )
                for name in names
            ),
            note="Mean squared difference of answers, with 95 % intervals over prompts. Without noise the "
            "posterior mean of the task is least squares of the smallest norm. The penalty of ridge "
            f"regression is the one of {len(trained.PENALTIES)} that came nearest to the network on other "
            "prompts; where seeds differ in it, the smallest and the largest are shown.",
        ),
        Table(
            name="kernel-regression-trained-learners",
            title="Trained networks on in-context linear regression",
            columns=(
                "network",
                "loss",
                *(f"distance to {reference}" for reference in trained.REFERENCES),
                "cosine of sensitivities to one gradient step",
            ),
            rows=tuple(
                (
                    told(name),
                    round(_value(found, name, trained.ERROR), 4),
                    *(round(value, 4) for value in _distances(found, name).values()),
                    round(_value(found, name, trained.COSINE), 4),
                )
                for name in names
            ),
            note="Uniform prompts, d = 10, 10 demonstrations, no noise, as in training. Loss: half the mean "
            "squared error; 0.417 for answering 0, 0.206 for one gradient step, 0.154 and 0.109 for two and "
            "five steps of tuned length. Distance: mean squared difference of answers. One layer of linear "
            "attention is expected to equal one gradient step (von Oswald et al. 2023).",
        ),
    ]


def told(name: str) -> str:
    """Describe a network in words."""
    recipe = attention_learner.card()[name]
    kind = "softmax" if recipe["softmax"] else "linear"
    parts = [f"{recipe[part]} {part if recipe[part] > 1 else part[:-1]}" for part in ("blocks", "heads")]
    return f"{kind} attention, {', '.join(parts)}"


def _sides(rows: pa.Table, names: list[str]) -> dict[str, dict[str, Measure]]:
    """Measure every side of every network's triangle."""
    known = repeats(rows, linear.NUMBER)
    return {
        name: {
            side: means([known[trained.SETTING, name, metric].values], metric)[0]
            for metric, side in SHOWN.items()
        }
        for name in names
    }


def _names(found: Curves) -> list[str]:
    return [name for setting, name, metric in found if (setting, metric) == (trained.SETTING, trained.ERROR)]


def _value(found: Curves, name: str, metric: str) -> float:
    return float(found[trained.SETTING, name, metric].mean[0])


def _penalty(rows: pa.Table, name: str) -> str:
    """Tell the penalty of the nearest ridge regression, or the range of those that seeds differ in."""
    chosen = repeats(rows, linear.NUMBER)[trained.SETTING, name, trained.PENALTY].values
    low, high = f"{chosen.min():g}", f"{chosen.max():g}"
    return low if low == high else f"{low} to {high}"


def _distances(found: Curves, name: str) -> dict[str, float]:
    return {each: _value(found, name, trained.distance_to(each)) for each in trained.REFERENCES}


def _nearest(found: Curves, name: str) -> str:
    apart = _distances(found, name)
    nearest = min(apart, key=apart.__getitem__)
    return f"{nearest} ({apart[nearest]:.3f})"
