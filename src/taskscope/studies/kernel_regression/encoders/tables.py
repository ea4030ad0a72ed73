"""The table of M6: every kernel in every form."""

from __future__ import annotations

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.encoders.findings import Encoders


def tables(found: Encoders) -> list[Table]:
    """Tabulate one model and task."""
    rows = tuple(
        (m.name, m.form, _told(m.agreement), round(m.kappa, 4), _told(m.accuracy)) for m in found.methods
    )
    return [
        Table(
            name=f"kernel-regression-{slug(found.model)}-{slug(found.task)}-encoders",
            title=f"Votes of {found.shots} demonstrations by every kernel: {found.task}",
            columns=("weights by", "form", "is the model's answer", "kappa", "is right"),
            rows=rows,
            note=f"On {found.n_questions} questions that chose neither head nor temperature; ties count "
            "in part. 'The operational kernel' is prediction similarity with the second moment of "
            "next-token laws divided out. Untempered cosines lie in a narrow range, and their vote is near "
            "the majority of the demonstrations.",
            model=found.model,
        )
    ]


def _told(measure: Measure) -> str:
    return f"{measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})"
