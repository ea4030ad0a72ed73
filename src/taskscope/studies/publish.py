"""From a concluded run to what people see: figures as files and the page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from taskscope.report import export, languages
from taskscope.report.document import Failure, ModelCard, Provenance, Report, StudyPage
from taskscope.report.page import write_page
from taskscope.runs.cell import TOLD
from taskscope.runs.record import CellRecord, label_of, task_of
from taskscope.runs.store import RunFolder
from taskscope.studies.registry import accounts
from taskscope.studies.runner import StudyResult


def write(folder: RunFolder, results: Sequence[StudyResult], language: str = "en") -> Path:
    """Write every figure as Vega-Lite and SVG, and the page in a language; returns the path of the page.

    Raises:
        RunError: The folder cannot be written.
    """
    for result in results:
        for figure in result.figures:
            folder.write_figure(figure.name, figure.spec, export.svg(figure.spec, figure.name))
    return write_page(folder.page, languages.translated(report(folder, results), language))


def report(folder: RunFolder, results: Sequence[StudyResult]) -> Report:
    """Put the page together: all accounts, those measured with their findings, and the provenance."""
    by_name = {result.study.name: result for result in results}
    records = {record.key: record for record in folder.cells()}
    command = folder.spec["request"]["command"]
    asked = {
        entry["study"]: [records[key] for key in entry["keys"] if key in records]
        for entry in folder.spec["studies"]
    }
    pages = []
    for account in accounts():
        result = by_name.get(account.name)
        if result is None:
            pages.append(StudyPage(account=account, ran=False))
            continue
        pages.append(
            StudyPage(
                account=account,
                findings=tuple(result.findings),
                figures=tuple(result.figures),
                tables=tuple(result.tables),
                failures=tuple(_failure(r) for r in asked[account.name] if r.error),
                notes=tuple(f"{task_of(r.cell)}: {note}" for r in asked[account.name] for note in _told(r)),
                command=command,
            )
        )
    measured = [record for cells in asked.values() for record in cells]
    return Report(pages=tuple(pages), command=command, provenance=_provenance(folder, measured))


def _told(record: CellRecord) -> list[str]:
    """Sentences of a measurement that a reader must know before trusting its numbers."""
    return record.notes.get(TOLD, [])


def _failure(record: CellRecord) -> Failure:
    assert record.error is not None
    cell = " ".join(filter(None, (label_of(record.cell), task_of(record.cell), f"seed {record.cell.seed}")))
    return Failure(cell=cell, error=record.error.type, message=record.error.message)


def _provenance(folder: RunFolder, records: Sequence[CellRecord]) -> Provenance:
    manifest = folder.manifest
    requests = folder.spec["request"]["studies"]
    git: dict[str, Any] = manifest.get("git") or {}
    facts = {
        "profile": ", ".join(sorted({request["profile"] for request in requests})),
        "cells": str(len(records)),
        "measured by code": _code(records),
    }
    if git.get("commit"):
        facts["checkout"] = git["commit"][:12] + (" with uncommitted changes" if git.get("dirty") else "")
    return Provenance(
        models=tuple(_card(model, records) for model in folder.spec["models"]),
        tasks={task.name: task.fingerprint for record in records for task in record.cell.tasks},
        seeds=tuple(sorted({record.cell.seed for record in records})),
        versions=dict(manifest.get("versions") or {}),
        facts=facts,
    )


def _card(model: dict[str, Any], records: Sequence[CellRecord]) -> ModelCard:
    ref = model["ref"]
    own = [r for r in records if r.cell.model and r.cell.model.id == ref["id"]]
    devices = sorted({str(r.provenance["device"]) for r in own if r.provenance.get("device")})
    return ModelCard(
        label=ref["label"],
        id=ref["id"],
        dtype=ref["dtype"],
        attention=ref["attention"],
        device=", ".join(devices),
        n_blocks=model["n_blocks"],
        n_parameters=model["n_parameters"],
    )


def _code(records: Sequence[CellRecord]) -> str:
    """Name the code that measured the cells: its hash, or how many different ones there were."""
    codes = sorted({record.code for record in records})
    if len(codes) == 1:
        return codes[0][:12]
    return f"{len(codes)} versions (together {hashlib.sha256(' '.join(codes).encode()).hexdigest()[:12]})"
