"""The figure of C7: the composed vector beside the task's own, its controls and the demonstrations."""

from __future__ import annotations

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure
from taskscope.report.wording import slug
from taskscope.stats.intervals import wilson
from taskscope.studies.task_vectors.composition.findings import Compositions
from taskscope.studies.task_vectors.composition.grids import SquareAnswers
from taskscope.studies.task_vectors.composition.resampling import choose
from taskscope.studies.task_vectors.composition.rows import COMPOSED, OWN
from taskscope.studies.task_vectors.heads.resampling import scored
from taskscope.studies.task_vectors.heads.rows import NONE, SHOWN

ACCURACY = Axis("accuracy", "right answers", domain=(0, 1), format=".0%")
WITH, STRONGEST = "with demonstrations", "strongest control"


def figures(found: Compositions) -> list[Figure]:
    """Draw a row for every composition for which vectors were added up; nothing where there is none."""
    measured = [square for square in found.squares if square.measured]
    if not measured:
        return []
    return [
        Figure(
            name=f"task-vectors-{slug(found.model)}-compositions",
            title="Function vectors of two tasks, added up",
            see=_see(found),
            alt=f"Forest plot for {found.model}: per task of two things the share of right answers with "
            "nothing added, with the composed vector, with the task's own vector, with demonstrations and "
            "under the strongest control, each with a 95 % interval.",
            spec=charts.intervals(
                [record for square in measured for record in _records(square)],
                ACCURACY,
                row="task",
                low="low",
                high="high",
                series="condition",
                order=(COMPOSED, OWN, WITH),
                controls=(NONE, STRONGEST),
            ),
            model=found.model,
        )
    ]


def _see(found: Compositions) -> str:
    mean = found.mean
    if mean is None:
        return "In none of these squares do demonstrations help with all four tasks, so none is counted."
    return (
        f"The composed vector gets {mean.composed[0]:.0%} right, the task's own {mean.beside[OWN][0]:.0%}, "
        f"demonstrations {mean.reference[0]:.0%} (mean over {mean.n_squares} compositions)."
    )


def _records(square: SquareAnswers) -> list[dict[str, object]]:
    """Records of one composition on test queries, with Wilson intervals over its independent queries."""
    choice, test = choose(square), square.both.test
    columns = {name: scored(test, name, choice.block) for name in (NONE, COMPOSED, OWN)}
    columns |= {WITH: test.plain[SHOWN], STRONGEST: scored(test, choice.control, choice.block)}
    shares = {name: float(values.mean()) for name, values in columns.items() if values is not None}
    bounds = wilson(list(shares.values()), len(np.unique(test.cluster)))
    task = square.name if square.counted else f"{square.name} (not counted)"
    return [
        {
            "task": task,
            "condition": name,
            "accuracy": round(share, 4),
            "low": round(float(low), 4),
            "high": round(float(high), 4),
        }
        for (name, share), low, high in zip(shares.items(), *bounds, strict=True)
    ]
