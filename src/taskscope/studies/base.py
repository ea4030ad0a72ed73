"""The contract every study keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from taskscope.models.series import Place, place
from taskscope.report.findings import Account, Figure, Finding, Table
from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.responses import Response

PROFILES = ("smoke", "standard", "full", "paper")
"""smoke: every code path in 20 s; standard (default): minutes; full: every arm; paper: published sizes."""


class Params(BaseModel):
    """Base of a study's parameters: frozen, and no field may be misspelt."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PlannedModel(BaseModel):
    """What planning may know of a model without loading its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ref: ModelRef
    n_blocks: int
    n_parameters: int
    context: int
    """Longest prompt in tokens."""
    body_parameters: int | None = None
    """Those that are not embeddings, where they could be counted."""
    tokens: int | None = None
    """Training tokens read, where something says so."""
    checkpoint_of: str | None = None
    """For a checkpoint, the name of the finished model."""

    @property
    def place(self) -> Place:
        """Where it stands on the axes of a series."""
        return place(
            self.ref.id,
            self.ref.label,
            self.n_parameters,
            body_parameters=self.body_parameters,
            tokens=self.tokens,
            checkpoint_of=self.checkpoint_of,
        )


class Study(Protocol):
    """One account of in-context learning, made of claims.

    `plan`, `analyse`, `figures` and `tables` are pure: no model, no clock, no files, so findings can be
    remade from stored rows forever. Measuring is done by the function that each cell names.
    """

    name: str
    version: int
    account: Account
    Params: type[Params]
    planted: tuple[str, ...]
    """Built-in models made to work in a known way, on which the study must give the right verdicts."""
    compares: bool
    """Whether it compares models along a series, so that one model alone says nothing."""

    def profile(self, name: str) -> Params:
        """Return the parameters of one of `PROFILES`."""
        ...

    def plan(self, params: Any, models: Sequence[PlannedModel]) -> list[Cell]:
        """List the cells to measure, with their cost; what ``--dry-run`` prints.

        Which tasks is a parameter of the study, since each study has a kind of task of its own.
        """
        ...

    def analyse(self, rows: pa.Table, params: Any) -> list[Finding]:
        """Judge every implemented claim for every model.

        Args:
            rows: The rows of all cells, with the columns ``key``, ``model`` (label), ``task`` and ``seed``
                added in front by the run folder.
        """
        ...

    def figures(self, rows: pa.Table, findings: Sequence[Finding], params: Any) -> list[Figure]:
        """Draw what was measured, controls on the same axes; the first `main` figure goes on the overview."""
        ...

    def tables(self, rows: pa.Table, findings: Sequence[Finding], params: Any) -> list[Table]:
        """Tabulate what was measured, for the disclosures on the page."""
        ...


@runtime_checkable
class Comparable(Protocol):
    """A study whose questions can be answered by two models and compared one by one."""

    def answers(self, rows: pa.Table) -> pa.Table:
        """Return what one model answered to single questions, as `taskscope.studies.answers.SCHEMA`.

        Args:
            rows: As `Study.analyse` takes them, of one model.
        """
        ...


@runtime_checkable
class Responding(Protocol):
    """A study whose answers are right or wrong, each on an item that needs named skills."""

    def responses(self, rows: pa.Table) -> Iterator[Response]:
        """Return the responses among a run's rows of the study."""
        ...


@runtime_checkable
class Collected(Comparable, Protocol):
    """A comparable study that judges answers of models it did not load, too: of servers, or from files."""

    def collected(self, rows: pa.Table) -> dict[str, pa.Table]:
        """Return the answers of every model in rows of cells that loaded none: its name to `SCHEMA`."""
        ...
