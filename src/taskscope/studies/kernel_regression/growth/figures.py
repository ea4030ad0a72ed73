"""The figure of M11: distance from the model's law by number of demonstrations."""

from __future__ import annotations

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure
from taskscope.studies.kernel_regression.drawing import ends, of_task
from taskscope.studies.kernel_regression.growth.findings import CONTROLS, HEAD, METHODS, Growth


def figures(found: Growth) -> list[Figure]:
    """Draw one model and task."""
    data = [
        {
            "n": shots,
            "vote": curve.method,
            **ends(measure, "distance"),
        }
        for curve in found.curves
        for shots, measure in zip(found.shots, curve.distance, strict=True)
    ]
    head = next(curve for curve in found.curves if curve.method == HEAD)
    first, last = head.distance[0].value, head.distance[-1].value
    return [
        of_task(
            found,
            "growth",
            "Does the model come nearer to a kernel's vote with more demonstrations",
            f"From {found.shots[0]} to {found.shots[-1]} demonstrations the best head's vote moves from "
            f"{first:.2f} to {last:.2f} from the model's law; the theory's slope on these axes is -1/2.",
            (
                "Line chart",
                "total variation between the model's law over the labels and votes, by number of "
                "demonstrations.",
            ),
            charts.curves(
                data,
                Axis("n", "demonstrations", log=True),
                Axis("distance", "distance from the model's law", log=True, format=".2f"),
                series="vote",
                low="low",
                high="high",
                order=METHODS,
                controls=CONTROLS,
            ),
        )
    ]
