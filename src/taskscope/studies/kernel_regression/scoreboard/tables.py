"""The table of the scoreboard."""

from __future__ import annotations

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.scoreboard.findings import Scoreboard


def tables(found: Scoreboard) -> list[Table]:
    """Tabulate one model and task."""
    rows = tuple(
        (s.account, s.setting, s.n_settings, _told(s.loss), _told(s.gain))
        for s in sorted(found.scores, key=lambda score: score.loss.value)
    )
    return [
        Table(
            name=f"kernel-regression-{slug(found.model)}-{slug(found.task)}-scoreboard",
            title=f"Accounts by how well they foretell the model's law: {found.task}",
            columns=("account", "setting", "settings tried", "cross-entropy", "saved"),
            rows=rows,
            note=f"Nats per question, {found.shots} demonstrations, {found.n_questions} questions by which "
            "nothing was fitted. Every account's scores pass through the same calibration: one factor and a "
            f"prior for each class. Nobody can do better than {found.least:.4f}. The attention smoother less "
            f"the best rival: {_told(found.lead)}; less the best control: {_told(found.above_controls)}.",
            model=found.model,
        )
    ]


def _told(measure: Measure) -> str:
    return f"{measure.value:.4f} ({measure.low:.4f} to {measure.high:.4f})"
