"""The figure of M6: agreement of every kernel's vote with the model."""

from __future__ import annotations

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure
from taskscope.report.wording import slug
from taskscope.studies.kernel_regression.drawing import ends
from taskscope.studies.kernel_regression.encoders.findings import CONTROLS, HEAD, Encoders
from taskscope.studies.kernel_regression.rivals.kernels import TEMPERED

AGREES, RIGHT = "the model's answer", "the right answer"


def figures(found: Encoders) -> list[Figure]:
    """Draw one model and task: of each kernel its best form on the page, tempered."""
    shown = [m for m in found.methods if m.name in (HEAD, *CONTROLS) or m.form in TEMPERED]
    data = [
        {"vote": method.name, "with": what, **ends(measure, "share")}
        for method in shown
        for what, measure in ((AGREES, method.agreement), (RIGHT, method.accuracy))
    ]
    block, head = found.head
    best = next(m for m in found.methods if m.name == HEAD)
    return [
        Figure(
            name=f"kernel-regression-{slug(found.model)}-{slug(found.task)}-encoders",
            title=f"Whose vote is the model's answer: {found.task}",
            see=f"Block {block}, head {head} votes like the model {best.agreement.value:.0%} of the time; it "
            f"leads the best kernel between texts by {100 * found.lead.value:+.0f} points "
            f"({100 * found.lead.low:+.0f} to {100 * found.lead.high:+.0f}).",
            alt=f"Interval chart for {found.model}: how often the votes of the best head, of kernels between "
            "texts and of controls are the model's answer and the right one.",
            spec=charts.intervals(
                data,
                Axis("share", f"vote of {found.shots} demonstrations", format=".0%"),
                row="vote",
                low="low",
                high="high",
                series="with",
                order=(AGREES, RIGHT),
            ),
            model=found.model,
        )
    ]
