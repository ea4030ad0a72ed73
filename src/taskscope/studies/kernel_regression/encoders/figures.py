"""The figure of M6: agreement of every kernel's vote with the model."""

from __future__ import annotations

from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure
from taskscope.studies.kernel_regression.drawing import intervals, of_task
from taskscope.studies.kernel_regression.encoders.findings import CONTROLS, HEAD, Encoders
from taskscope.studies.kernel_regression.rivals.kernels import TEMPERED

AGREES, RIGHT = "the model's answer", "the right answer"


def figures(found: Encoders) -> list[Figure]:
    """Draw one model and task: of each kernel its best form on the page, tempered."""
    shown = [m for m in found.methods if m.name in (HEAD, *CONTROLS) or m.form in TEMPERED]
    block, head = found.head
    best = next(m for m in found.methods if m.name == HEAD)
    return [
        of_task(
            found,
            "encoders",
            "Whose vote is the model's answer",
            f"Block {block}, head {head} votes like the model {best.agreement.value:.0%} of the time; it "
            f"leads the best kernel between texts by {100 * found.lead.value:+.0f} points "
            f"({100 * found.lead.low:+.0f} to {100 * found.lead.high:+.0f}).",
            (
                "Interval chart",
                "how often the votes of the best head, of kernels between texts and of controls are the "
                "model's answer and the right one.",
            ),
            intervals(
                (
                    (method.name, what, measure)
                    for method in shown
                    for what, measure in ((AGREES, method.agreement), (RIGHT, method.accuracy))
                ),
                Axis("share", f"vote of {found.shots} demonstrations", format=".0%"),
                "vote",
                "with",
                order=(AGREES, RIGHT),
            ),
        )
    ]
