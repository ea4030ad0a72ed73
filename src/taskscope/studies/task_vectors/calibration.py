"""The calibration of the verdicts on C1 to C7.

Run ``python -m taskscope.studies.task_vectors.calibration`` from the repository to write the committed table;
``--tables`` says how many row tables each scenario gets, ``--claims C3`` counts some claims anew and keeps
the rest as committed.
"""

from __future__ import annotations

from taskscope.studies.calibrating import Calibration
from taskscope.studies.task_vectors import scenarios
from taskscope.studies.task_vectors.analysis import analyse
from taskscope.studies.task_vectors.claims import ACCOUNT
from taskscope.studies.task_vectors.composition import simulation as composition
from taskscope.studies.task_vectors.conflict import simulation as conflict
from taskscope.studies.task_vectors.geometry import simulation as geometry
from taskscope.studies.task_vectors.heads import simulation as heads
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.projection import simulation as projection
from taskscope.studies.task_vectors.scenarios import N_BLOCKS, N_TASKS

PARAMS = TaskVectorParams(n_dev=50, n_test=100, draws=500)
"""The stated size: six tasks of this many pairs, less than any profile but smoke measures."""

CALIBRATION = Calibration(
    study=ACCOUNT.name,
    params=PARAMS,
    analyse=analyse,
    scenarios=(
        *scenarios.SCENARIOS,
        *geometry.SCENARIOS,
        *conflict.SCENARIOS,
        *projection.SCENARIOS,
        *heads.SCENARIOS,
        *composition.SCENARIOS,
    ),
    sizes={
        "tasks": N_TASKS,
        "blocks": N_BLOCKS,
        "development_pairs": PARAMS.n_dev,
        "test_pairs": PARAMS.n_test,
        "draws": PARAMS.draws,
        "sets": geometry.N_SETS,
        "conflicts": conflict.N_QUERIES,
        "read_sets": projection.N_SETS,
        "function_vectors": heads.N_TEST,
    },
    told=f"{N_TASKS} tasks, {N_BLOCKS} blocks, {PARAMS.n_dev} development and {PARAMS.n_test} test pairs per "
    f"task for C1 and C2, {geometry.N_SETS} sets of demonstrations per task for C3, {conflict.N_QUERIES} "
    f"queries for each of a task's two conflicts for C4, {projection.N_SETS} sets of demonstrations per task "
    f"for C5, {heads.N_DEV} development and {heads.N_TEST} test queries per task for C6 and C7.",
)

if __name__ == "__main__":
    CALIBRATION.main()
