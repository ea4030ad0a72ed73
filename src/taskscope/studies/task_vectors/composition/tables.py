"""The table of C7: every composition that was asked, counted or not."""

from __future__ import annotations

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.task_vectors.composition.findings import Compositions
from taskscope.studies.task_vectors.composition.grids import SquareAnswers
from taskscope.studies.task_vectors.composition.resampling import BESIDE, CONTROLS, choose
from taskscope.studies.task_vectors.composition.rows import COMPOSED
from taskscope.studies.task_vectors.heads.grids import TaskAnswers
from taskscope.studies.task_vectors.heads.resampling import scored
from taskscope.studies.task_vectors.heads.rows import SHOWN, VECTOR, ZERO_SHOT

_NAMES = (*CONTROLS, *BESIDE)


def tables(found: Compositions) -> list[Table]:
    """Tabulate every composition of one model; nothing where heads cannot be told apart."""
    if not found.squares:
        return []
    return [
        Table(
            name=f"task-vectors-{slug(found.model)}-compositions",
            title="Compositions, one by one",
            columns=(
                *("task", "counted", "queries", "block"),
                *("with demonstrations: neither", "one", "other", "both"),
                *("own vector: one", "own vector: other"),
                *(COMPOSED, "strongest control", *_NAMES),
            ),
            rows=tuple(_row(square) for square in found.squares),
            note="Shares of right answers to test queries. The four tasks of a composition do neither of two "
            "things, one, the other, both; the composed vector is that of one plus that of the other minus "
            "that of neither. It is made where demonstrations help on those three, and counted where they "
            "help on all four. Blocks and the strongest control are chosen on development queries.",
            model=found.model,
        )
    ]


def _row(square: SquareAnswers) -> tuple[object, ...]:
    shown = [round(float(task.test.plain[SHOWN].mean()), 4) for task in square.tasks]
    front = (square.name, "yes" if square.counted else "no", len(square.both.test.cluster))
    if not square.measured:
        return (*front, None, *shown, *(None,) * (4 + len(_NAMES)))
    choice, test = choose(square), square.both.test

    def share(name: str) -> float | None:
        values = scored(test, name, choice.block)
        return None if values is None else round(float(values.mean()), 4)

    own = [_own(part, block) for part, block in choice.parts]
    return (
        *(*front, choice.block, *shown, *own),
        *(share(COMPOSED), choice.control, *(share(name) for name in _NAMES)),
    )


def _own(part: TaskAnswers, block: int) -> float:
    return round(float(part.test.added[ZERO_SHOT, VECTOR][:, block].mean()), 4)
