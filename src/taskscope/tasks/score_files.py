"""Scores of each item as files, one CSV for each model, as the contest's own pipeline left them.

Four headers are read: loss, correct and total_logprob of a choice; the loss of a completion; the log-odds of
two classes after one prompt; and their difference between two prompts. A trend can be judged from such a
folder without any model (protocol inverse_scaling 2, E2). Sample logs of lm-evaluation-harness are read too.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from taskscope.errors import TaskError
from taskscope.tasks import harness_logs
from taskscope.tasks.choice_records import records
from taskscope.tasks.choices import Metric
from taskscope.tasks.scored_models import SIZES_FILE, ScoredModel, find, models_of

SMALLEST, FEWEST_SIZES = 300, 4
"""Items that the contest asked for (V3), and sizes below which no trend is labelled (6.2)."""
UNLIKELY = 0.01
"""Coverage below which an item's classes hardly continue its prompt."""
_HEADERS: dict[frozenset[str], Metric] = {
    frozenset({"loss", "correct"}): "classification",
    frozenset({"logodds", "correct"}): "classification",
    frozenset({"logodds_difference", "correct"}): "log-odds",
    frozenset({"loss"}): "sequence",
}
"""Kind by the columns that must be there, in the order in which they are looked for."""
_VALUES = ("loss", "correct", "logodds", "logodds_difference", "total_logprob")


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of one task, every model on every item; arrays are (model, item), models by family and size."""

    task: str
    metric: Metric
    models: tuple[ScoredModel, ...]
    items: tuple[str, ...]
    loss: np.ndarray | None
    """Nats, over the listed classes, or of the completion; None for the log-odds kinds."""
    correct: np.ndarray | None
    """Whether the right class was likeliest (log-odds kinds: after the other prompt); None for sequences."""
    log_odds: np.ndarray | None
    """Nats. In a choice between two classes those of the right one; in the log-odds kinds how far the other
    prompt draws them away from it, so that more is worse. None where the files do not hold them."""
    coverage: np.ndarray | None
    """Share of probability on the listed classes, the mean of both prompts if two; None if unknown."""
    source: str
    fingerprint: str
    """Sha256 over the names and bytes of the files."""
    notes: tuple[str, ...]
    """What was repaired, and what makes the scores weak evidence."""


@dataclass(frozen=True)
class _Table:
    """The rows of one file: values by column, in the order of `items`."""

    name: str
    items: tuple[str, ...]
    values: dict[str, np.ndarray]
    n_blank: int


def load_scores(name: str | Path) -> Scores:
    """Read the scores in a folder.

    Args:
        name: A folder that holds a file MODEL.csv for each model, and models.csv where their sizes are not
            published; or sample logs of lm-evaluation-harness, with ``#TASK`` behind where they are of
            several tasks.

    Raises:
        TaskError: If there is no such file, a file has none of the four headers or another than the rest, a
            value is none, the files are of different items, or two models of a family are of one size.
    """
    task, paths, tables = _tables(name)
    folder = harness_logs.split(name)[0]
    known = models_of(folder)
    found = {table.name: find(table.name, known, folder) for table in tables}
    tables.sort(key=lambda t: (found[t.name].family, found[t.name].parameters))
    models = tuple(found[table.name] for table in tables)
    _check_sizes(models, folder)
    items = tables[0].items
    values = _aligned(tables, folder)
    metric, loss, odds = _meaning(values)
    correct = values["correct"] == 1 if "correct" in values else None
    coverage, odd = _coverage(values.get("total_logprob"), metric)
    notes = [*_blank(tables), *odd, *_weak(models, len(items), coverage), *_contradictions(loss, correct)]
    digest = hashlib.sha256(b"".join(p.name.encode() + b"\0" + p.read_bytes() for p in paths))
    return Scores(
        task=task,
        metric=metric,
        models=models,
        items=items,
        loss=loss,
        correct=correct,
        log_odds=odds,
        coverage=coverage,
        source=str(Path(name).resolve()),
        fingerprint=digest.hexdigest(),
        notes=tuple(notes),
    )


def _tables(name: str | Path) -> tuple[str, list[Path], list[_Table]]:
    """Return the task, the files and what stands in them: CSV where there are any, else logs."""
    folder, task = harness_logs.split(name)
    paths = sorted(p for p in folder.glob("*.csv") if p.name not in (SIZES_FILE, "data.csv"))
    if paths and not task:
        return folder.resolve().name, paths, [_table(path) for path in paths]
    task, logs = harness_logs.find(folder, task)
    if not logs:
        raise TaskError(
            f"No score files in {str(folder)!r}.",
            "a folder with a file MODEL.csv for each model, or with sample logs of lm-evaluation-harness",
        )
    read = {model: harness_logs.read(path) for model, path in logs.items()}
    return task, list(logs.values()), [_Table(model, *found, 0) for model, found in read.items()]


def _table(path: Path) -> _Table:
    """Read one file; rows without any value are left out and counted."""
    rows: dict[str, list[float]] = {}
    columns: list[str] = []
    n_blank = 0
    for record in records(path):
        where = f"{path}, line {record.line}"
        columns = columns or _columns(list(record.fields), path)
        cells = [str(record.fields[name]).strip() for name in columns]
        if not any(cells):
            n_blank += 1
            continue
        index = str(record.fields["index"]).strip()
        if index in rows:
            raise TaskError(f"{where}: the index {index!r} stands twice.", "one row of scores for each item")
        rows[index] = [_value(name, cell, where) for name, cell in zip(columns, cells, strict=True)]
    if not rows:
        raise TaskError(f"{path} holds no score.", "a header and a row for each item")
    values = np.array(list(rows.values()), dtype=np.float64).T
    return _Table(path.stem, tuple(rows), dict(zip(columns, values, strict=True)), n_blank)


def _columns(header: Sequence[str], path: Path) -> list[str]:
    wanted = next((need for need in _HEADERS if need <= set(header)), None)
    if wanted is None or "index" not in header:
        raise TaskError(
            f"{path}: the columns are {', '.join(header)}.",
            "; or ".join(", ".join(["index", *sorted(need), "total_logprob"]) for need in _HEADERS),
        )
    return [name for name in _VALUES if name in wanted or (name == "total_logprob" and name in header)]


def _value(name: str, cell: str, where: str) -> float:
    try:
        value = {"true": 1.0, "false": 0.0}.get(cell.lower(), math.nan) if cell.isalpha() else float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (name == "correct" and value not in (0, 1)):
        raise TaskError(f"{where}: {name} is {cell!r}.", "0 or 1" if name == "correct" else "a number")
    return value


def _check_sizes(models: Sequence[ScoredModel], folder: Path) -> None:
    counts = Counter((model.family, model.parameters) for model in models)
    for (family, parameters), n in counts.items():
        if n > 1:
            same = [m.name for m in models if (m.family, m.parameters) == (family, parameters)]
            raise TaskError(
                f"{folder}: {' and '.join(same)} are both {family} with {parameters:g} parameters.",
                "one model of each size in a family",
                f"a family of its own for one of them, in {SIZES_FILE}",
            )


def _aligned(tables: Sequence[_Table], folder: Path) -> dict[str, np.ndarray]:
    """Stack the columns of all files, items in the order of the first file."""
    first = tables[0]
    for table in tables[1:]:
        if set(table.values) != set(first.values):
            raise TaskError(
                f"{folder}: {first.name} has the columns {', '.join(first.values)}, "
                f"{table.name} has {', '.join(table.values)}.",
                "the same columns in every file",
            )
        if set(table.items) != set(first.items):
            odd = sorted(set(table.items) ^ set(first.items))
            raise TaskError(
                f"{folder}: {first.name} has {len(first.items)} items, {table.name} {len(table.items)}; item "
                f"{odd[0]!r} is in one alone.",
                "the same items in every file",
                "leaving the items that one file lacks out of all of them",
            )
    order = [_places(table.items, first.items) for table in tables]
    return {
        name: np.stack([t.values[name][places] for t, places in zip(tables, order, strict=True)])
        for name in first.values
    }


def _places(items: Sequence[str], wanted: Sequence[str]) -> list[int]:
    at = {item: place for place, item in enumerate(items)}
    return [at[item] for item in wanted]


def _meaning(values: dict[str, np.ndarray]) -> tuple[Metric, np.ndarray | None, np.ndarray | None]:
    """Return the kind, the losses and the log-odds.

    The sign of the column logodds depends on the code that wrote it: that for GPT-2 took the second class
    less the first, that for GPT-3 the first less the second. What was correct is right in both, so that it
    gives the sign, and the log-odds of the right class give the loss.
    """
    if "logodds" in values:
        odds = np.where(values["correct"] == 1, 1.0, -1.0) * np.abs(values["logodds"])
        return "classification", np.logaddexp(0.0, -odds), odds
    if "logodds_difference" in values:
        odds = values["logodds_difference"]
        return ("log-odds" if (odds < 0).any() else "absolute-log-odds"), None, odds
    return ("classification" if "correct" in values else "sequence"), values["loss"], None


def _coverage(total: np.ndarray | None, metric: Metric) -> tuple[np.ndarray | None, list[str]]:
    if total is None:
        return None, []
    n_prompts = 2 if metric in ("log-odds", "absolute-log-odds") else 1
    coverage = np.exp(total) / n_prompts
    if coverage.max() > 1 + 1e-4:
        share = float((coverage > 1 + 1e-4).mean())
        return None, [
            f"total_logprob gives {share:.0%} of the rows a probability above 1; coverage is left out."
        ]
    return np.minimum(coverage, 1.0), []


def _blank(tables: Sequence[_Table]) -> Iterator[str]:
    n = sum(table.n_blank for table in tables)
    if n:
        yield f"{n:,} rows without any value were left out; an early version of the pipeline wrote such rows."


def _weak(models: Sequence[ScoredModel], n: int, coverage: np.ndarray | None) -> Iterator[str]:
    if n < SMALLEST:
        yield f"{n} items, fewer than the {SMALLEST} that the contest asked for (V3)."
    for family, n_sizes in Counter(model.family for model in models).items():
        if n_sizes < FEWEST_SIZES:
            yield f"{family}: {n_sizes} sizes, fewer than the {FEWEST_SIZES} that a label needs (6.2)."
    if coverage is not None:
        lost = int((coverage.max(axis=0) < UNLIKELY).sum())
        if lost:
            yield (
                f"{lost} of {n} items have less than {UNLIKELY:.0%} of the probability on their classes in "
                "every model; a prompt that ends in a space does that (V5)."
            )
        for model, mean in zip(models, coverage.mean(axis=1), strict=True):
            if mean < 0.1:
                yield f"{model.name}: mean coverage {mean:.3f}, below 0.1 (V15)."


def _contradictions(loss: np.ndarray | None, correct: np.ndarray | None) -> Iterator[str]:
    """A class with more than half of the probability is the likeliest, whatever their number."""
    if loss is not None and correct is not None:
        n = int(((loss < math.log(2) - 1e-6) & ~correct).sum())
        if n:
            yield f"{n} rows are called wrong though their loss is below log 2, which no choice can be."
