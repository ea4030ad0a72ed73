"""Scores from the sample logs of lm-evaluation-harness: one JSON line for each document and model.

The harness writes ``samples_TASK_DATE.jsonl`` into a folder named after the model when it is called with
``--log_samples --output_path FOLDER``. Read are choices (one log-likelihood for each option) and completions
(one for the whole target); generated text has no log-likelihood and is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from taskscope.errors import TaskError, nearest
from taskscope.tasks.choice_records import records

PICK = "#"
"""Between a folder and the name of one of its tasks: ``out#hellaswag``."""
_NAME = re.compile(r"samples_(?P<task>.+)_(?P<date>\d{4}-\d{2}-\d{2}T[^_]*)\.jsonl")
_SHARED = "acc_mutual_info"
"""Metric for which every option is asked a second time, alone."""


def split(name: str | Path) -> tuple[Path, str]:
    """Split ``FOLDER#TASK``; the task is empty where none is named, or where a folder has such a name."""
    text = str(name)
    folder, mark, task = text.rpartition(PICK)
    return (Path(folder), task) if mark and not Path(text).is_dir() else (Path(text), "")


def find(folder: Path, task: str) -> tuple[str, dict[str, Path]]:
    """Find the newest log of each model of one task, in the folder and in those of the models inside it.

    Args:
        folder: What ``--output_path`` named.
        task: Its name; empty where the folder holds one task.

    Returns:
        The task and the logs by model; empty where the folder holds no log at all.

    Raises:
        TaskError: If there are several tasks and none is named, or the one named is not there.
    """
    found: dict[str, dict[str, Path]] = {}
    for path in sorted([*folder.glob("samples_*.jsonl"), *folder.glob("*/samples_*.jsonl")], key=_date):
        match = _NAME.fullmatch(path.name)
        if match:
            found.setdefault(match["task"], {})[path.parent.name.replace("__", "/")] = path
    if not found:
        return task, {}
    if task not in found and (task or len(found) > 1):
        raise TaskError(
            f"{folder} holds logs of {', '.join(sorted(found))}" + (f", none of {task!r}." if task else "."),
            f"one of them, as {folder}{PICK}{min(found)}",
            nearest(task, found) if task else "",
        )
    chosen = task or next(iter(found))
    return chosen, found[chosen]


def read(path: Path) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """Read one log.

    Returns:
        The items by the number and hash of their document, and the columns of a score file, each (item,):
        loss in nats; of choices also correct and total_logprob.

    Raises:
        TaskError: If a line is no sample, has no log-likelihoods, or two filters left different answers.
    """
    rows: dict[str, tuple[float, ...]] = {}
    kinds: set[int] = set()
    for line, sample in _samples(path):
        where = f"{path}, line {line}"
        item = "-".join(filter(None, (str(sample.get("doc_id", line)), str(sample.get("doc_hash", ""))[:8])))
        values = _values(sample, where)
        if rows.setdefault(item, values) != values:
            raise TaskError(f"{where}: document {item} has two different results.", "one filter in a log")
        kinds.add(len(values))
    if len(kinds) != 1:
        raise TaskError(
            f"{path} holds {'choices and completions' if kinds else 'no sample'}.", "one kind of sample"
        )
    names = ("loss", "correct", "total_logprob")[: kinds.pop()]
    return tuple(rows), dict(zip(names, np.array(list(rows.values())).T, strict=True))


def _date(path: Path) -> str:
    match = _NAME.fullmatch(path.name)
    return match["date"] if match else ""


def _samples(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for record in records(path):
        if not isinstance(record.fields.get("filtered_resps"), list) or not record.fields["filtered_resps"]:
            raise TaskError(f"{path}, line {record.line}: no field filtered_resps.", "a log of --log_samples")
        yield record.line, record.fields


def _values(sample: Mapping[str, Any], where: str) -> tuple[float, ...]:
    logs = np.array([_loglikelihood(response, where) for response in sample["filtered_resps"]])
    metrics = sample.get("metrics")
    if isinstance(metrics, list) and _SHARED in metrics and len(logs) > 1:
        logs = logs[: len(logs) // 2]
    if len(logs) == 1:
        return (-float(logs[0]),)
    target = _target(sample, len(logs), where)
    total = float(np.logaddexp.reduce(logs))
    right = sample.get("acc", logs.argmax() == target)
    if right not in (0, 1):
        raise TaskError(f"{where}: acc is {right!r}.", "0 or 1")
    return total - float(logs[target]), float(right), total


def _loglikelihood(response: Any, where: str) -> float:
    told: Any = response[0] if isinstance(response, list) and response else response
    try:
        value = float(told)
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value) or value > 1e-3:
        raise TaskError(
            f"{where}: {str(told)[:40]!r} is no log-likelihood.",
            "choices or completions; generated text has none",
        )
    return value


def _target(sample: Mapping[str, Any], n: int, where: str) -> int:
    """Find the place of the right option, which is told by number or by its text."""
    told = str(sample.get("target", "")).strip()
    if told.isdecimal() and len(told) <= len(str(n)) and int(told) < n:
        return int(told)
    asked = sample.get("arguments")
    each = list(asked.values()) if isinstance(asked, dict) else asked if isinstance(asked, list) else []
    options = [_option(one) for one in each]
    if options[:n].count(told) == 1:
        return options.index(told)
    raise TaskError(f"{where}: the target {told!r} is none of the {n} options.", "its number or its text")


def _option(asked: Any) -> str:
    """What was scored: by name in newer logs, the last of a list in older ones."""
    if isinstance(asked, dict):
        return str(asked.get("arg_1", "")).strip()
    return str(asked[-1]).strip() if isinstance(asked, list) and asked else ""
