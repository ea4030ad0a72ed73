"""Pairs of skills and cloze questions as responses, with the skills that they need."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from taskscope.studies.responses import Response, records
from taskscope.studies.skill_emergence.pairs.names import TITLES, skills
from taskscope.studies.skill_emergence.pairs.rows import APART, BOTH, FIRST, SECOND
from taskscope.tasks.cloze import SKILLS, kind_of, q_matrix


def responses(rows: pa.Table) -> Iterator[Response]:
    """Return whether pairs, their skills alone, and cloze questions were answered right."""
    for row in records(rows, ("pair", "repetition", "query", "asked", "right"), shown=APART):
        first, second = skills(row["pair"])
        needs = {FIRST: (first,), SECOND: (second,), BOTH: (first, second)}.get(row["asked"])
        if needs is not None:
            item = f"{row['pair']}/{row['seed']}/{row['repetition']}/{row['query']}/{row['asked']}"
            tags = tuple(sorted({TITLES[name] for name in needs}))
            yield Response(row["model"], item, float(row["right"]), tags)
    for row in records(rows, ("question", "solved")):
        needs = q_matrix([kind_of(row["question"])])[0]
        tags = tuple(name for name, need in zip(SKILLS, needs, strict=True) if need)
        yield Response(row["model"], f"{row['seed']}/{row['question']}", row["solved"], tags)
