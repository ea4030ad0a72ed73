"""All six accounts in the order of the overview: lighter to import than the studies themselves."""

from __future__ import annotations

from taskscope.report.findings import Account
from taskscope.studies.inverse_scaling.claims import ACCOUNT as INVERSE_SCALING
from taskscope.studies.kernel_regression.claims import ACCOUNT as KERNEL_REGRESSION
from taskscope.studies.skill_emergence.claims import ACCOUNT as SKILL_EMERGENCE
from taskscope.studies.structured_tasks.claims import ACCOUNT as STRUCTURED_TASKS
from taskscope.studies.task_spaces.claims import ACCOUNT as TASK_SPACES
from taskscope.studies.task_vectors.claims import ACCOUNT as TASK_VECTORS

ACCOUNTS: tuple[Account, ...] = (
    STRUCTURED_TASKS,
    TASK_VECTORS,
    TASK_SPACES,
    INVERSE_SCALING,
    KERNEL_REGRESSION,
    SKILL_EMERGENCE,
)
