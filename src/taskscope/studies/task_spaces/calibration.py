"""The calibration of the verdicts.

Run ``python -m taskscope.studies.task_spaces.calibration`` from the repository to write the committed table;
``--tables`` says how many row tables each scenario gets.
"""

from __future__ import annotations

from taskscope.studies.calibrating import Calibration
from taskscope.studies.task_spaces.analysis import analyse
from taskscope.studies.task_spaces.claims import ACCOUNT
from taskscope.studies.task_spaces.params import TaskSpaceParams
from taskscope.studies.task_spaces.simulation import SCENARIOS, SIZES

PARAMS = TaskSpaceParams(draws=400, n_eval=10)
"""The sizes of the standard profile, with fewer permutations and judged pairs."""

CALIBRATION = Calibration(
    study=ACCOUNT.name,
    params=PARAMS,
    analyse=analyse,
    scenarios=SCENARIOS,
    sizes={"tasks": sum(SIZES), "phenomena": len(SIZES), "pairs": PARAMS.n_eval, "draws": PARAMS.draws},
    told=f"{sum(SIZES)} tasks in {len(SIZES)} phenomena, {PARAMS.n_eval} judged pairs of each in two halves.",
)

if __name__ == "__main__":
    CALIBRATION.main()
