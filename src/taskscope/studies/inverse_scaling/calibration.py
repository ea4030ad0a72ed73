"""The calibration of the verdicts along a series.

Run ``python -m taskscope.studies.inverse_scaling.calibration`` from the repository to write the committed
table.
"""

from __future__ import annotations

from taskscope.studies.calibrating import Calibration
from taskscope.studies.inverse_scaling.analysis import analyse
from taskscope.studies.inverse_scaling.claims import ACCOUNT
from taskscope.studies.inverse_scaling.params import InverseScalingParams
from taskscope.studies.inverse_scaling.simulation import (
    DECADES,
    N_GROUPS,
    N_ITEMS,
    N_MODELS,
    N_TASKS,
    SCENARIOS,
)

PARAMS = InverseScalingParams(tasks=(), draws=300)

CALIBRATION = Calibration(
    study=ACCOUNT.name,
    params=PARAMS,
    analyse=analyse,
    scenarios=SCENARIOS,
    sizes={
        "models": N_MODELS,
        "items": N_ITEMS,
        "groups": N_GROUPS,
        "tasks": N_TASKS,
        "draws": PARAMS.draws,
    },
    told=f"{N_MODELS} models over {DECADES:.0f} powers of ten of size, {N_ITEMS} items in {N_GROUPS} groups "
    f"per task and arm, up to {N_TASKS} tasks, {PARAMS.draws} resamples.",
)

if __name__ == "__main__":
    CALIBRATION.main()
