"""The rows of a cell: one per model, arm and item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.models.series import Place
from taskscope.studies.inverse_scaling.outcomes import Outcomes
from taskscope.tasks.choices import ChoiceTask
from taskscope.tasks.skeletons import clusters

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("family", _TEXT),
        ("member", _TEXT),  # the model, or for a checkpoint the finished model
        ("parameters", pa.float64()),
        ("body_parameters", pa.float64()),
        ("tokens", pa.float64()),  # of training; null where nobody says
        ("finished", pa.bool_()),
        ("metric", _TEXT),
        ("cause", _TEXT),
        ("arm", _TEXT),
        ("item", _TEXT),
        ("cluster", _TEXT),  # what items made alike share; empty where unknown
        ("n_classes", pa.int16()),
        ("answer", pa.int16()),
        ("loss", pa.float64()),  # nats, lower is better; null where left out
        ("correct", pa.float64()),  # 0 or 1; null where the kind has none
        ("total", pa.float64()),  # log of the probability on all classes together, nats
        ("logprobs", pa.list_(pa.float64())),  # of every class, nats; null where only results are known
        ("named", pa.int16()),  # class that written reasoning names itself, -1 for none; null elsewhere
        ("left_out", _TEXT),  # why an item was not scored; empty where it was
    ]
)


@dataclass(frozen=True)
class Items:
    """What was asked, (item,) each."""

    metric: str
    cause: str
    ids: Sequence[str]
    clusters: Sequence[str]
    n_classes: Sequence[int]
    """0 where only results are known."""
    answers: Sequence[int]
    """-1 where only results are known."""

    @classmethod
    def of(cls, task: ChoiceTask) -> Items:
        """Describe the items of a task; groups that nobody named are found by their wording (6.1)."""
        return cls(
            task.metric,
            task.cause,
            [item.id for item in task.items],
            clusters(task.items),
            [len(item.classes) for item in task.items],
            [item.answer for item in task.items],
        )

    @classmethod
    def known_by_results(cls, metric: str, ids: Sequence[str]) -> Items:
        """Describe items of which somebody published results alone."""
        n = len(ids)
        return cls(metric, "", ids, [""] * n, [0] * n, [-1] * n)


def to_rows(
    place: Place,
    arm: str,
    items: Items,
    found: Outcomes,
    logprobs: Sequence[Sequence[float] | None] | None = None,
    left_out: Sequence[str] | None = None,
    named: np.ndarray | None = None,
) -> pa.Table:
    """Lay out what one model made of one arm.

    Args:
        place: Where the model stands.
        arm: Which.
        items: What was asked.
        found: (item,) outcomes in the order of the items.
        logprobs: (item,) lists of log p of every class; None where only results are known.
        left_out: (item,) why it was left out, empty where it was not; None where none was.
        named: (item,) index of the class that written reasoning names itself, -1 for none; None elsewhere.
    """
    n = len(items.ids)
    columns = {
        "family": [place.family] * n,
        "member": [place.member] * n,
        "parameters": [float(place.parameters)] * n,
        "body_parameters": [place.body_parameters and float(place.body_parameters)] * n,
        "tokens": [place.tokens and float(place.tokens)] * n,
        "finished": [place.finished] * n,
        "metric": [items.metric] * n,
        "cause": [items.cause] * n,
        "arm": [arm] * n,
        "item": items.ids,
        "cluster": items.clusters,
        "n_classes": items.n_classes,
        "answer": items.answers,
        "loss": _nullable(found.loss),
        "correct": _nullable(found.correct),
        "total": _nullable(found.total),
        "logprobs": [None] * n if logprobs is None else logprobs,
        "named": [None] * n if named is None else named.tolist(),
        "left_out": [""] * n if left_out is None else left_out,
    }
    return pa.table([pa.array(columns[f.name], f.type) for f in SCHEMA], schema=SCHEMA)


def _nullable(values: np.ndarray) -> pa.Array:
    return pa.array(np.asarray(values, float), from_pandas=True)  # NaN becomes null
