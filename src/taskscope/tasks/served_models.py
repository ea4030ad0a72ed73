"""Models behind servers, listed in a file: where each is asked, and where it stands in a series.

Nobody but the user can know the size of a model behind a server, so the file says it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taskscope.errors import TaskError
from taskscope.tasks.choice_records import Record, records
from taskscope.tasks.scored_models import ScoredModel, models_of, number

COLUMNS = ("url", "model", "family", "parameters", "tokens")
"""The last three may be empty for a model whose size is published."""


@dataclass(frozen=True)
class Served:
    """One model behind a server."""

    url: str
    model: ScoredModel
    """Its name is the one that the server knows."""


def load_served(path: str | Path) -> tuple[Served, ...]:
    """Read a CSV with the columns `COLUMNS`, a model a row.

    Raises:
        TaskError: If it cannot be read, a column is missing, or the size of a model is not known.
    """
    path = Path(path)
    known = models_of(path.parent)
    found = tuple(_served(record, known, path) for record in records(path))
    if not found:
        raise TaskError(f"{path} lists no model.", f"a header {','.join(COLUMNS)} and a row for each model")
    return found


def _served(record: Record, known: dict[str, ScoredModel], path: Path) -> Served:
    where = f"{path}, line {record.line}"
    missing = [name for name in COLUMNS[:2] if not str(record.fields.get(name) or "").strip()]
    if missing:
        raise TaskError(f"{where}: no {missing[0]}.", f"the columns {','.join(COLUMNS)}")
    url, name, family, size, tokens = (str(record.fields.get(key) or "").strip() for key in COLUMNS)
    published = known.get(name) or known.get(name.rpartition("/")[2].lower())
    parameters = number(size) if size else published and published.parameters
    read = number(tokens) if tokens else published and published.tokens
    family = family or (published.family if published else "")
    if not family or parameters is None or (tokens and read is None):
        raise TaskError(
            f"{where}: where {name!r} stands in a series is not known.",
            "its family and parameters, and its training tokens if known, such as "
            f"`{url},{name},mine,1.3B,300B`",
        )
    return Served(url, ScoredModel(name, family, parameters, read or None))
