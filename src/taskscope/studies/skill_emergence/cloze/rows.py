"""The rows of cloze questions: one per model and question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from taskscope.models.series import Place
from taskscope.studies.columns import where
from taskscope.tasks.cloze import kind_of, q_matrix

Array = np.ndarray

CLOZE = "cloze"
"""What the column `part` says."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", pa.string()),
        ("parameters", pa.float64()),
        ("pretraining_tokens", pa.float64()),  # null where nobody says
        ("question", _TEXT),
        ("twins", _TEXT),  # what twins share: the unit of resampling
        ("n_answers", pa.int16()),
        ("solved", pa.float64()),  # 1 if the right answer is the likeliest, else 0; null where left out
        ("surprise", pa.float64()),  # nats on the right answer among the answers, per token; null likewise
        ("not_asked", _TEXT),  # why a question was left out; empty where it was not
    ]
)


@dataclass(frozen=True)
class Cloze:
    """All questions of all models."""

    models: tuple[str, ...]
    """From small to large and early to late."""
    parameters: Array
    """(model,)."""
    tokens: Array
    """(model,) training tokens, NaN where nobody says."""
    questions: tuple[str, ...]
    """Seed and id of each."""
    twins: Array
    """(question,) number of the group of twins."""
    chance: Array
    """(question,) share right by guessing."""
    solved: Array
    """(model, question) 1 right, 0 wrong, NaN not asked."""
    surprise: Array
    """(model, question) nats on the right answer, by the mean log-probability per token of every answer: the
    excess loss there, since the text leaves no doubt."""

    @cached_property
    def kinds(self) -> list[str]:
        """Kind of every question."""
        return [kind_of(name.partition("/")[2]) for name in self.questions]

    @cached_property
    def needs(self) -> Array:
        """Skills of every question, bool (question, skill)."""
        return q_matrix(self.kinds)


def to_rows(
    place: Place,
    ids: Sequence[str],
    twins: Sequence[str],
    n_answers: Sequence[int],
    solved: Array,
    surprise: Array,
    not_asked: Sequence[str],
) -> pa.Table:
    """Lay out what one model made of the questions; arrays (question,)."""
    n = len(ids)
    columns = {
        "part": [CLOZE] * n,
        "parameters": [float(place.parameters)] * n,
        "pretraining_tokens": [place.tokens and float(place.tokens)] * n,
        "question": ids,
        "twins": twins,
        "n_answers": n_answers,
        "solved": pa.array(np.asarray(solved, float), from_pandas=True),
        "surprise": pa.array(np.asarray(surprise, float), from_pandas=True),
        "not_asked": not_asked,
    }
    return pa.table([pa.array(columns[f.name], f.type) for f in SCHEMA], schema=SCHEMA)


def read(rows: pa.Table) -> Cloze | None:
    """Read the questions of all models; None where none was asked."""
    if "question" not in rows.column_names:
        return None
    mine = where(rows, part=CLOZE)
    told = mine.select(["model", "seed", *SCHEMA.names]).to_pylist()
    if not told:
        return None
    places = {row["model"]: (row["parameters"], row["pretraining_tokens"]) for row in told}
    models = sorted(places, key=lambda name: (places[name][0], places[name][1] or 0.0, name))
    kinds = list(dict.fromkeys(kind_of(row["question"]) for row in told))
    about = {(row["seed"], row["question"]): row for row in told}
    questions = sorted(about, key=lambda key: (key[0], kinds.index(kind_of(key[1])), _number(key[1])))
    at_model, at_question = ({key: n for n, key in enumerate(keys)} for keys in (models, questions))
    solved, surprise = (np.full((len(models), len(questions)), np.nan) for _ in range(2))
    for row in told:
        place = at_model[row["model"]], at_question[row["seed"], row["question"]]
        if row["solved"] is not None:
            solved[place], surprise[place] = row["solved"], row["surprise"]
    groups = [f"{seed}/{about[seed, name]['twins']}" for seed, name in questions]
    return Cloze(
        models=tuple(models),
        parameters=np.array([places[name][0] for name in models]),
        tokens=np.array([places[name][1] or np.nan for name in models]),
        questions=tuple(f"{seed}/{name}" for seed, name in questions),
        twins=np.unique(groups, return_inverse=True)[1],
        chance=np.array([1 / about[key]["n_answers"] for key in questions]),
        solved=solved,
        surprise=surprise,
    )


def _number(question: str) -> int:
    return int(question.rpartition(":")[2])
