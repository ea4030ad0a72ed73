"""The tables behind the disclosures: every number per task, and the published table beside ours."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from taskscope.report.findings import Finding, Table
from taskscope.report.wording import slug
from taskscope.studies.task_vectors import published
from taskscope.studies.task_vectors.conditions import CONTROLS, LABELS
from taskscope.studies.task_vectors.overall import overall
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.parts import PARTS
from taskscope.studies.task_vectors.results import ModelResult, results
from taskscope.studies.task_vectors.summary import At, TaskSummary, summarise

_COLUMNS = (
    "task",
    "counted",
    "pairs",
    "queries",
    "no demonstrations",
    "one vector",
    "with demonstrations",
    "block",
    "block interval",
    "one vector, block of the other tasks",
    "that block",
    "one vector, best block in hindsight",
    "its block",
    "one vector, first token",
    "with demonstrations, first token",
    "strongest control",
    *(LABELS[name] for name in CONTROLS if name != "baseline"),
    "with swapped labels",
    "answers of a dummy",
    "p against demonstrations",
    "p against control",
)

_NOTE = (
    "Shares of right answers to test queries. 'counted': demonstrations add at least 20 points on "
    "development queries, so the task enters the means. The block is chosen on development queries of "
    "the same task, on the other tasks, or in hindsight on the test queries themselves. 'first token': "
    "answers that begin right, nearer to how published results were scored; everywhere else all tokens "
    "count. 'answers of a dummy': share of answers that are wrong and belong to a dummy query. p values: "
    "exact McNemar test "
    "with one vote per query, Holm over tasks."
)


def tables(rows: pa.Table, findings: Sequence[Finding], params: TaskVectorParams) -> list[Table]:
    """Tabulate what was measured, model by model, then the published table."""
    measured = results(rows, params)
    summaries = [summarise(result, params.draws) for result in measured]
    made = []
    for result, summary in zip(measured, summaries, strict=True):
        made += [_overall(result, summary), _by_task(result, summary)]
    for part in PARTS:
        for found in part.read(rows, measured, params):
            made += part.tables(found)
    return [*made, _beside(measured, summaries)] if made else []


def _overall(result: ModelResult, summaries: Sequence[TaskSummary]) -> Table:
    return Table(
        name=f"task-vectors-{slug(result.model)}-overall",
        title="All tasks together",
        columns=("quantity", "estimate", "from", "to"),
        rows=tuple(
            (q.name, _rounded(q.value), *((None, None) if q.interval is None else map(_rounded, q.interval)))
            for q in overall(result, summaries)
        ),
        note="Means over the tasks counted, on test queries, with 95 % intervals. Published curves rise to "
        "their best block and fall after it: rank correlations above 0.8 and below -0.8.",
        model=result.model,
    )


def _rounded(value: float | None) -> float | int | None:
    return value if value is None or isinstance(value, int) else round(value, 4)


def _by_task(result: ModelResult, summaries: Sequence[TaskSummary]) -> Table:
    return Table(
        name=f"task-vectors-{slug(result.model)}-by-task",
        title="Every task",
        columns=_COLUMNS,
        rows=tuple(_row(summary) for summary in summaries),
        note=_NOTE,
        model=result.model,
    )


def _row(s: TaskSummary) -> tuple[object, ...]:
    shared: tuple[object, object] = (None, None) if s.shared is None else _place(s.shared)
    return (
        s.task,
        "yes" if s.admissible else "no",
        s.n_pairs,
        s.n_clusters,
        round(s.baseline, 4),
        round(s.dev.accuracy, 4),
        round(s.regular, 4),
        s.dev.block,
        f"{s.dev_block[0]} to {s.dev_block[1]}",
        *shared,
        *_place(s.oracle),
        *(round(share, 4) for share in s.first_token),
        LABELS[s.control],
        *(round(s.controls[name], 4) for name in CONTROLS if name != "baseline"),
        round(s.regular_shuffled, 4),
        round(s.leak, 4),
        float(f"{s.p_regular:.3g}"),
        float(f"{s.p_control:.3g}"),
    )


def _place(at: At) -> tuple[float, int]:
    return round(at.accuracy, 4), at.block


def _beside(measured: Sequence[ModelResult], summaries: Sequence[Sequence[TaskSummary]]) -> Table:
    """The published table (E1) with our models in front, as baseline / vector / regular."""
    ours = [
        {s.task: _triple(s.baseline, s.dev.accuracy, s.regular) for s in summary} for summary in summaries
    ]
    theirs = published.models()
    tasks = list(dict.fromkeys([task for column in ours for task in column]))
    tasks += [task for task in theirs[0].tasks if task not in tasks]
    rows = [
        (
            task,
            *(column.get(task) for column in ours),
            *(_published(model, task) for model in theirs),
        )
        for task in tasks
    ]
    means = [_triple(*(sum(column) / len(column) for column in _columns(summary))) for summary in summaries]
    rows.append(("mean of all", *means, *(_accuracies(model.macro) for model in theirs)))
    return Table(
        name="task-vectors-published",
        title="Beside the published results",
        columns=("task", *(result.model for result in measured), *(model.name for model in theirs)),
        rows=tuple(rows),
        note="Accuracy without demonstrations / with one vector / with demonstrations. The published "
        "models read "
        f"other word lists, so tasks compare in kind only. Source: {published.source()}.",
    )


def _columns(summary: Sequence[TaskSummary]) -> tuple[list[float], list[float], list[float]]:
    return [s.baseline for s in summary], [s.dev.accuracy for s in summary], [s.regular for s in summary]


def _published(model: published.PublishedModel, task: str) -> str | None:
    return _accuracies(model.tasks[task]) if task in model.tasks else None


def _accuracies(a: published.Accuracies) -> str:
    return _triple(a.baseline, a.hypothesis, a.regular)


def _triple(baseline: float, hypothesis: float, regular: float) -> str:
    return " / ".join(f"{value:.2f}" for value in (baseline, hypothesis, regular))
