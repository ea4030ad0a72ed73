"""Writing what a run measured as the contest's own pipeline wrote it, for tools that read its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from taskscope.errors import RunError, StudyError
from taskscope.models.series import Place
from taskscope.runs.cell import Cell
from taskscope.runs.store import RunFolder
from taskscope.studies.columns import where
from taskscope.studies.inverse_scaling.arms import TASK
from taskscope.studies.inverse_scaling.asked import asked
from taskscope.studies.inverse_scaling.claims import ACCOUNT
from taskscope.studies.inverse_scaling.params import CellParams
from taskscope.tasks.score_export import write_scores
from taskscope.tasks.scored_models import ScoredModel


def export(run: RunFolder, target: Path) -> list[Path]:
    """Write a folder for each task of a run, with a file for each model; returns the folders.

    Items that some model could not be asked are left out for all; so are checkpoints, for which the files
    have no place.

    Raises:
        RunError: If the run holds no measured cell of this study.
        StudyError: If a task is of a log-odds kind.
        TaskError: If a task has other items now, or files are there already.
    """
    cells = [
        record.cell
        for record in run.cells()
        if record.cell.study == ACCOUNT.name and record.cell.params and run.has(record.cell.key)
    ]
    cells = [cell for cell in cells if CellParams(**cell.params).place.finished]
    if not cells:
        raise RunError(f"{run.path} holds no finished model measured by {ACCOUNT.name}", "such a run")
    by_task: dict[tuple[str, int], list[Cell]] = {}
    for cell in cells:
        by_task.setdefault((cell.tasks[0].name, cell.seed), []).append(cell)
    return [_task(run, own, target / _folder(*name)) for name, own in by_task.items()]


def _folder(name: str, seed: int) -> str:
    return name.replace("/", "-") + (f"-seed-{seed}" if seed else "")


def _task(run: RunFolder, cells: list[Cell], folder: Path) -> Path:
    task = asked(cells[0])
    tables = [where(run.rows([cell.key]), arm=TASK) for cell in cells]
    kept = np.all([~np.isnan(table["loss"].to_numpy()) for table in tables], axis=0)
    items = tuple(item for item, keep in zip(task.items, kept, strict=True) if keep)
    scores = {}
    for cell, table in zip(cells, tables, strict=True):
        place: Place = CellParams(**cell.params).place
        model = ScoredModel(
            name=cell.model.label if cell.model else place.member,
            family=place.family,
            parameters=float(place.parameters),
            tokens=None if place.tokens is None else float(place.tokens),
        )
        scores[model] = _columns(task.metric, table, kept)
    write_scores(task.model_copy(update={"items": items}), scores, folder)
    return folder


def _columns(metric: str, table: pa.Table, kept: np.ndarray) -> dict[str, np.ndarray]:
    loss, total, right = (table[name].to_numpy()[kept] for name in ("loss", "total", "correct"))
    if metric == "sequence":
        return {"loss": loss}
    if metric != "classification":
        raise StudyError(
            f"a task of the kind {metric}",
            "choices or completions: of the log-odds kinds the pipeline wrote what was right after the other "
            "prompt, which a run does not keep",
        )
    lists = [row for row, keep in zip(table["logprobs"].to_pylist(), kept, strict=True) if keep]
    predicted = np.array([int(np.argmax(row)) for row in lists])
    return {"loss": loss, "correct": right, "predicted": predicted, "total_logprob": total}
