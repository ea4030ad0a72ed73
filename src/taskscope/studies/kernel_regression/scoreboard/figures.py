"""The figure of the scoreboard: what each account saves against one law for all questions."""

from __future__ import annotations

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure
from taskscope.report.wording import slug
from taskscope.studies.kernel_regression.drawing import ends
from taskscope.studies.kernel_regression.scoreboard.findings import Scoreboard
from taskscope.studies.kernel_regression.scoreboard.hypotheses import ACCOUNTS, CONSTANT, CONTROLS


def figures(found: Scoreboard) -> list[Figure]:
    """Draw one model and task."""
    constant = next(score for score in found.scores if score.account == CONSTANT)
    shown = [score for score in found.scores if score.account != CONSTANT]
    data = [
        {
            "account": score.account,
            **ends(score.gain, "gain"),
            "kind": "control" if score.account in CONTROLS else "account",
        }
        for score in shown
    ]
    best = max((score for score in shown if score.account in ACCOUNTS), key=lambda score: score.gain.value)
    most = constant.loss.value - found.least
    return [
        Figure(
            name=f"kernel-regression-{slug(found.model)}-{slug(found.task)}-scoreboard",
            title=f"Which account foretells the model's answers: {found.task}",
            see=f"Best of the accounts: {best.account}, which saves {best.gain.value:.3f} of the {most:.3f} "
            "nats that could be saved.",
            alt=f"Interval chart for {found.model}: cross-entropy of the model's law over the labels that "
            "each account saves against one law for all questions.",
            spec=charts.intervals(
                data,
                Axis("gain", "saved against one law for all", "nats"),
                row="account",
                low="low",
                high="high",
                series="kind",
                rows=[*ACCOUNTS, *CONTROLS],
                order=("account", "control"),
                controls=("control",),
                rules=(Rule(most, "all that can be saved", across="x"), Rule(0.0, "nothing", across="x")),
            ),
            model=found.model,
        )
    ]
