"""A run as files for other tools: rows as CSV and Parquet, findings as CSV, charts as Vega-Lite."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from taskscope.errors import RunError, nearest
from taskscope.report.findings import Finding
from taskscope.runs.plain_tables import FORMATS
from taskscope.runs.store import RunFolder
from taskscope.studies.runner import StudyResult

FINDINGS = (
    *("study", "claim", "title", "model", "quantity", "estimate", "low", "high", "level", "n", "unit"),
    *("control", "control_estimate", "verdict", "statement", "reason"),
)
"""Columns of ``findings.csv``; the control is the strongest one."""


def export(
    folder: RunFolder, results: Sequence[StudyResult], target: Path, formats: Sequence[str]
) -> list[Path]:
    """Write ``rows/STUDY.FORMAT``, ``findings.csv`` and ``charts/NAME.vl.json``; returns the paths.

    Args:
        folder: The run.
        results: What was concluded from it.
        target: Folder to write, made if it is not there; files of these names are replaced.
        formats: Of `FORMATS`.

    Raises:
        RunError: For another format, or where it cannot be written.
    """
    for form in formats:
        if form not in FORMATS:
            raise RunError(f"format {form!r}", f"one of {', '.join(FORMATS)}", nearest(form, FORMATS))
    try:
        return _write(folder, results, target, formats)
    except OSError as error:
        raise RunError(f"{target} cannot be written: {error}", "a writable folder") from error


def _write(
    folder: RunFolder, results: Sequence[StudyResult], target: Path, formats: Sequence[str]
) -> list[Path]:
    for part in ("rows", "charts"):
        (target / part).mkdir(parents=True, exist_ok=True)
    paths = [target / "findings.csv"]
    _write_findings([finding for each in results for finding in each.findings], paths[0])
    for each in results:
        rows = folder.rows(study=each.study.name)
        for form in formats:
            paths.append(target / "rows" / f"{each.study.name}.{form}")
            FORMATS[form](rows, paths[-1])
        for figure in each.figures:
            paths.append(target / "charts" / f"{figure.name}.vl.json")
            paths[-1].write_text(json.dumps(figure.spec, ensure_ascii=False, indent=1), encoding="utf-8")
    return paths


def _write_findings(findings: Sequence[Finding], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, FINDINGS)
        writer.writeheader()
        writer.writerows(_line(finding) for finding in findings)


def _line(finding: Finding) -> dict[str, object]:
    known = {name: value for name, value in finding.model_dump(mode="json").items() if name in FINDINGS}
    if finding.interval is not None:
        known |= finding.interval.model_dump()
    strongest = [control for control in finding.controls if control.name == finding.strongest]
    if strongest:
        known |= {"control": strongest[0].label, "control_estimate": strongest[0].estimate}
    return known
