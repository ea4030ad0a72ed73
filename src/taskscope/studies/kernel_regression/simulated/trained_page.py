"""What the page shows of trained attention networks on in-context linear regression (S6)."""

from __future__ import annotations

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.studies.kernel_regression.simulated import attention_learner, trained
from taskscope.studies.kernel_regression.simulated.rows import Curves


def figures(found: Curves) -> list[Figure]:
    """Draw the distance of every network to every learner from the curves of S6; nothing without networks."""
    names = _names(found)
    if not names:
        return []
    data = [
        {"network": told(name), "learner": reference, "distance": round(value, 4)}
        for name in names
        for reference, value in _distances(found, name).items()
    ]
    see = "; ".join(f"{told(name)} lies nearest to {_nearest(found, name)}" for name in names)
    return [
        Figure(
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
    ]


def tables(found: Curves) -> list[Table]:
    """Tabulate loss, distances and sensitivities of every network."""
    names = _names(found)
    if not names:
        return []
    return [
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
        )
    ]


def told(name: str) -> str:
    """Describe a network in words."""
    recipe = attention_learner.card()[name]
    kind = "softmax" if recipe["softmax"] else "linear"
    parts = [f"{recipe[part]} {part if recipe[part] > 1 else part[:-1]}" for part in ("blocks", "heads")]
    return f"{kind} attention, {', '.join(parts)}"


def _names(found: Curves) -> list[str]:
    return [name for setting, name, metric in found if (setting, metric) == (trained.SETTING, trained.ERROR)]


def _value(found: Curves, name: str, metric: str) -> float:
    return float(found[trained.SETTING, name, metric].mean[0])


def _distances(found: Curves, name: str) -> dict[str, float]:
    return {each: _value(found, name, trained.distance_to(each)) for each in trained.REFERENCES}


def _nearest(found: Curves, name: str) -> str:
    apart = _distances(found, name)
    nearest = min(apart, key=apart.__getitem__)
    return f"{nearest} ({apart[nearest]:.3f})"
