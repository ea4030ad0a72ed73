"""The calibration of the verdicts.

Run ``python -m taskscope.studies.task_spaces.calibration`` from the repository to write the committed table;
``--tables`` says how many row tables each scenario gets.
"""

from __future__ import annotations

import pyarrow as pa

from taskscope.report.findings import Finding
from taskscope.studies.calibrating import Calibration
from taskscope.studies.task_spaces.along import simulation as along
from taskscope.studies.task_spaces.along.findings import series_finding
from taskscope.studies.task_spaces.along.series import all_series
from taskscope.studies.task_spaces.analysis import analyse
from taskscope.studies.task_spaces.claims import ACCOUNT
from taskscope.studies.task_spaces.damage import simulation as damage
from taskscope.studies.task_spaces.params import TaskSpaceParams
from taskscope.studies.task_spaces.patterns import simulation as patterns
from taskscope.studies.task_spaces.simulation import SCENARIOS, SIZES
from taskscope.studies.task_spaces.spaces import spaces

PARAMS = TaskSpaceParams(draws=400, n_eval=10)
"""The sizes of the standard profile, with fewer permutations and judged pairs."""


def _judge(rows: pa.Table, params: TaskSpaceParams) -> list[Finding]:
    """Judge as a run does; of several models only what is said of their series, for the rest is not asked."""
    if len(set(rows["model"].to_pylist())) == 1:
        return analyse(rows, params)
    return [series_finding(each, params.draws) for each in all_series(rows, spaces(rows))]


CALIBRATION = Calibration(
    study=ACCOUNT.name,
    params=PARAMS,
    analyse=_judge,
    scenarios=(*SCENARIOS, *damage.WORLDS, *patterns.WORLDS, *along.WORLDS),
    sizes={"tasks": sum(SIZES), "phenomena": len(SIZES), "pairs": PARAMS.n_eval, "draws": PARAMS.draws},
    told=f"{sum(SIZES)} tasks in {len(SIZES)} phenomena, {PARAMS.n_eval} judged pairs of each in two halves; "
    "30 judged pairs for claim 5; four models with 13 tasks in 4 phenomena for claims 8 and 9.",
)

if __name__ == "__main__":
    CALIBRATION.main()
