"""Which model of each run, and which of their cells asked the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from taskscope.errors import RunError, nearest
from taskscope.runs.cell import canonical_json
from taskscope.runs.record import CellRecord, label_of, task_of
from taskscope.runs.store import RunFolder
from taskscope.studies.base import Collected, Comparable
from taskscope.studies.registry import registry

OF_THE_MODEL = ("place", "url")
"""Parameters of a cell that say which model is asked, not what."""


@dataclass(frozen=True)
class Side:
    """One of the two that are compared."""

    folder: RunFolder
    model: str
    records: tuple[CellRecord, ...]
    """Its measured cells, of every study."""

    @property
    def identity(self) -> str:
        """What a change of weights changes; of a model that was not loaded, what a change of results does."""
        cell = self.records[0].cell
        if cell.model is not None:
            return cell.model.id
        return f"{self.model} in results {', '.join(sorted(t.fingerprint[:12] for t in cell.tasks))}"

    def answers(self, study: Comparable, keys: Collection[str]) -> pa.Table:
        """Read what the model answered in some of its cells."""
        rows = self.folder.rows(keys)
        if self.records[0].cell.model is None and isinstance(study, Collected):
            return study.collected(rows)[self.model]
        return study.answers(rows)


@dataclass(frozen=True)
class Shared:
    """One study's cells that asked both models the same."""

    study: str
    first: frozenset[str]
    """Keys."""
    second: frozenset[str]
    other_code: bool
    """Some were measured by different code."""
    other_files: bool
    """Some were read from different files, so that nobody knows whether the same was asked."""


def sides(folders: tuple[RunFolder, RunFolder], models: Sequence[str]) -> tuple[Side, Side]:
    """Choose a model of each run.

    Args:
        folders: May be one folder twice.
        models: Their labels, first and second; one for both runs; or none, where it is plain which are meant.

    Raises:
        RunError: If a run holds no such model, or it is not plain which are meant.
    """
    held = tuple(_models(folder) for folder in folders)
    for folder, known in zip(folders, held, strict=True):
        if not known:
            raise RunError(
                f"{folder.path} holds no answers of a model", "a run with at least one measured model"
            )
    if len(models) > 2:
        raise RunError(f"{len(models)} models", "two: one of the first run, one of the second")
    wanted = list(models) * 2 if len(models) == 1 else list(models)
    if not wanted:
        common = [label for label in held[0] if label in held[1]]
        if all(len(known) == 1 for known in held):
            wanted = [next(iter(known)) for known in held]
        elif len(common) == 1:
            wanted = common * 2
        else:
            told = "; ".join(f"{f.path}: {', '.join(known)}" for f, known in zip(folders, held, strict=True))
            raise RunError(told, "one model of each run", "-m FIRST -m SECOND with two of these names")
    for folder, known, label in zip(folders, held, wanted, strict=True):
        if label not in known:
            raise RunError(
                f"{folder.path} holds no model {label!r}", f"one of {', '.join(known)}", nearest(label, known)
            )
    first, second = (
        Side(folder, label, tuple(known[label]))
        for folder, known, label in zip(folders, held, wanted, strict=True)
    )
    return first, second


def _models(folder: RunFolder) -> dict[str, list[CellRecord]]:
    found: dict[str, list[CellRecord]] = {}
    for record in folder.cells():
        if record.status == "done" and record.cell.model is not None:
            found.setdefault(label_of(record.cell), []).append(record)
    for name, record in _collected(folder):
        # A model that was measured here goes before results of the same name.
        if all(one.cell.model is None for one in found.get(name, [])):
            found.setdefault(name, []).append(record)
    return found


def _collected(folder: RunFolder) -> Iterator[tuple[str, CellRecord]]:
    """Name the models whose answers cells hold that loaded none."""
    for record in folder.cells():
        study = registry().get(record.cell.study)
        if record.status == "done" and record.cell.model is None and isinstance(study, Collected):
            for name in study.collected(folder.rows([record.key])):
                yield name, record


def shared(first: Side, second: Side) -> list[Shared]:
    """Pair the cells that asked the same, study by study.

    The same is: the same measurement of one study version with the same parameters, tasks of the same items,
    and the same seed. Of results in files only the name of the task is known, and the items by their numbers.
    """
    there = {_asked(record): record for record in second.records}
    pairs = [(one, there[_asked(one)]) for one in first.records if _asked(one) in there]
    studies = dict.fromkeys(one.cell.study for one, _ in pairs)
    found = []
    for study in studies:
        own = [(one, other) for one, other in pairs if one.cell.study == study]
        found.append(
            Shared(
                study=study,
                first=frozenset(one.key for one, _ in own),
                second=frozenset(other.key for _, other in own),
                other_code=any(one.code != other.code for one, other in own),
                other_files=any(_fingerprints(one) != _fingerprints(other) for one, other in own),
            )
        )
    return found


def _asked(record: CellRecord) -> str:
    cell = record.cell
    params = {name: value for name, value in cell.params.items() if name not in OF_THE_MODEL}
    # Where no model was loaded the answers were given, and the fingerprint of what is read is that of them.
    tasks = [(task.name, task.fingerprint if cell.model else "") for task in cell.tasks]
    return canonical_json([cell.study, cell.study_version, cell.measure, params, tasks, cell.seed])


def _fingerprints(record: CellRecord) -> list[str]:
    return [task.fingerprint for task in record.cell.tasks]


def contents(side: Side) -> str:
    """Say what a run asked a model, for an error: studies and tasks."""
    studies = sorted({record.cell.study for record in side.records})
    tasks = sorted({task_of(record.cell) for record in side.records} - {""})
    few = ", ".join(tasks[:6]) + (" ..." if len(tasks) > 6 else "")
    return f"{side.model} in {side.folder.path}: {', '.join(studies)} on {few}"
