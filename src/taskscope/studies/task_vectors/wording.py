"""How measures are put into words and controls, in every finding of the study."""

from __future__ import annotations

from functools import partial

from taskscope.studies import wording
from taskscope.studies.task_vectors.claims import ACCOUNT
from taskscope.studies.wording import control, interval, number, percent

__all__ = ["control", "finding", "interval", "number", "percent"]

finding = partial(wording.finding, ACCOUNT)
