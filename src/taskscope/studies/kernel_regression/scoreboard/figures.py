"""The figure of the scoreboard: what each account saves against one law for all questions."""

from __future__ import annotations

from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure
from taskscope.studies.kernel_regression.drawing import intervals, of_task
from taskscope.studies.kernel_regression.scoreboard.findings import Scoreboard
from taskscope.studies.kernel_regression.scoreboard.hypotheses import ACCOUNTS, CONSTANT, CONTROLS


def figures(found: Scoreboard) -> list[Figure]:
    """Draw one model and task."""
    constant = next(score for score in found.scores if score.account == CONSTANT)
    shown = [score for score in found.scores if score.account != CONSTANT]
    best = max((score for score in shown if score.account in ACCOUNTS), key=lambda score: score.gain.value)
    most = constant.loss.value - found.least
    return [
        of_task(
            found,
            "scoreboard",
            "Which account foretells the model's answers",
            f"Best of the accounts: {best.account}, which saves {best.gain.value:.3f} of the {most:.3f} "
            "nats that could be saved.",
            (
                "Interval chart",
                "cross-entropy of the model's law over the labels that each account saves against one law "
                "for all questions.",
            ),
            intervals(
                (
                    (score.account, "control" if score.account in CONTROLS else "account", score.gain)
                    for score in shown
                ),
                Axis("gain", "saved against one law for all", "nats"),
                "account",
                "kind",
                rows=[*ACCOUNTS, *CONTROLS],
                order=("account", "control"),
                controls=("control",),
                rules=(Rule(most, "all that can be saved", across="x"), Rule(0.0, "nothing", across="x")),
            ),
        )
    ]
