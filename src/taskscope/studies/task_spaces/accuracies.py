"""Accuracies on BLiMP beside published ones, for models that published numbers exist for (protocol 4.3)."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.stats.intervals import wilson
from taskscope.studies.task_spaces.spaces import Space

_COMMIT = re.compile("[0-9a-f]{40}")
"""What follows a hub repository in the identity of weights; folders have another hash."""


@cache
def published() -> dict[str, Any]:
    """Return accuracies by model and phenomenon, in percent, with their sources and BLiMP's paradigms."""
    path = Path(__file__).parent / "published_accuracy.json"
    return json.loads(path.read_text(encoding="utf-8"))


def accuracy_table(space: Space) -> Table | None:
    """Tabulate phenomena whose paradigms are all there; None for models and tasks nothing is known of."""
    name = _name(space)
    theirs = published()["models"].get(name)
    place = {task: i for i, task in enumerate(space.tasks)}
    whole = {p: us for p, us in published()["paradigms"].items() if place.keys() >= set(us)}
    if theirs is None or not whole:
        return None
    if len(whole) == len(published()["paradigms"]):
        whole = {**whole, "all": [task for tasks in whole.values() for task in tasks]}
    rows = []
    for phenomenon, tasks in whole.items():
        own = float(np.mean([space.accuracy[place[task]] for task in tasks]))
        n = sum(space.judged[place[task]] for task in tasks)
        low, high = wilson(own, n)
        told, their = f"{100 * own:.1f} % ({100 * low:.1f} to {100 * high:.1f})", theirs[phenomenon]
        inside = "yes" if 100 * low <= their <= 100 * high else "no"
        rows.append((phenomenon, len(tasks), int(n), told, f"{their:.1f} %", inside))
    source = published()["sources"]["pythia" if name.startswith("pythia") else name]
    return Table(
        name=f"task-spaces-{slug(space.model)}-accuracies",
        title="Accuracy beside the published one",
        columns=("phenomenon", "paradigms", "pairs", "right here", "published", "inside the interval"),
        rows=tuple(rows),
        note="Share of judged pairs whose good sentence is likelier to the unchanged model, mean over "
        f"paradigms. Published: {source}, on 1,000 pairs of each paradigm. The interval (Wilson) is of the "
        "distinct pairs drawn; a scorer that is wrong lies far outside it (without a beginning token, or per "
        "word).",
        model=space.model,
    )


def _name(space: Space) -> str:
    """Name a model as `published` does; empty for other weights of that name, and for other revisions."""
    repository, _, commit = space.weights.partition("@")
    owner, _, name = repository.rpartition("/")
    owners = ("EleutherAI",) if name.startswith("pythia") else ("", "openai-community")
    whole = _COMMIT.fullmatch(commit) is not None and space.model == name
    return name if whole and owner in owners else ""
