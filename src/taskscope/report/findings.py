"""The words a result is told in: account, claim, control, finding, verdict, figure.

Everything here is plain data (pydantic, JSON), so a finding can be stored, re-read years later and drawn
without the study that made it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Immutable data with no room for misspelt fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Verdict(StrEnum):
    """What the measurement says about a claim, judged against its strongest control."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    INCONCLUSIVE = "inconclusive"


class Published(Frozen):
    """A published number: a labelled mark on the axis, never a threshold."""

    label: str
    """Whose number, short enough for a legend: ``"LLaMA 7B"``."""
    value: float
    source: str
    """Where it stands: paper and table or figure."""


class Claim(Frozen):
    """One numbered claim of an account, as in its protocol."""

    number: str
    """``"C1"``, ``"H2"``, ``"RQ3"`` ..."""
    title: str
    """Six words at most."""
    statement: str
    """One or two sentences a newcomer understands."""
    experiments: tuple[str, ...] = ()
    """Protocol numbers of the experiments that test it."""
    implemented: bool = True
    published: tuple[Published, ...] = ()


class Account(Frozen):
    """What one body of work says a model does with a task; the text of a study's page."""

    name: str
    """The study's name on the command line: ``"task-vectors"``."""
    title: str
    papers: tuple[str, ...]
    question: str
    """The question in plain words, one sentence."""
    says: str
    """What the account says, a short paragraph for a newcomer."""
    measured: str
    """What taskscope measures, a short paragraph."""
    how_to_read: str
    """How to read the main figure."""
    claims: tuple[Claim, ...]


class Interval(Frozen):
    """A confidence interval, both ends in the unit of the estimate."""

    low: float
    high: float
    level: float = 0.95


class Control(Frozen):
    """What the number would be if the claim were false."""

    name: str
    label: str
    estimate: float
    interval: Interval | None = None
    meaning: str = ""
    """One sentence: what a reader learns from this control."""


class Finding(Frozen):
    """Claim + estimate + interval + n + controls + published value + verdict + the reason in one sentence."""

    study: str
    claim: str
    """The claim's number."""
    title: str
    model: str
    """Label of the model, as the run names it."""
    statement: str
    """One sentence that a newcomer understands, with the numbers in it."""
    quantity: str
    """What `estimate` is, in words, for the axis and the table head."""
    estimate: float | None
    interval: Interval | None
    n: int
    """Independent units behind the estimate (clusters, not rows)."""
    unit: str
    """What one unit is: ``"queries"``."""
    controls: tuple[Control, ...] = ()
    strongest: str = ""
    """Name of the control the verdict was judged against."""
    published: tuple[Published, ...] = ()
    verdict: Verdict
    reason: str
    """One sentence: why this verdict."""


class Figure(Frozen):
    """A Vega-Lite chart with the sentence that says what to see in it."""

    name: str
    """File name without suffix, unique in the run: ``"planted-vector-accuracy-by-block"``."""
    title: str
    see: str
    """One sentence: what to see."""
    alt: str
    """Description for a screen reader."""
    spec: dict[str, Any]
    """Vega-Lite specification with its data inside."""
    model: str | None = None
    """The model it belongs to, or None for a figure over all models."""
    main: bool = False
    """True for the one figure that stands on the overview."""


class Table(Frozen):
    """A table behind a disclosure on the page."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""
    model: str | None = None
    headline: tuple[str, ...] = ()
    """Columns that the terminal prints too, below the verdicts."""
