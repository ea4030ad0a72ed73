"""The calibration of the verdicts on H1, H2 and H3.

Run ``python -m taskscope.studies.structured_tasks.calibration`` from the repository to write the committed
table; ``--tables`` says how many row tables each scenario gets.
"""

from __future__ import annotations

from taskscope.studies.calibrating import Calibration
from taskscope.studies.structured_tasks.analysis import analyse
from taskscope.studies.structured_tasks.claims import ACCOUNT
from taskscope.studies.structured_tasks.curves import simulation as curves
from taskscope.studies.structured_tasks.maps import simulation as maps
from taskscope.studies.structured_tasks.params import StructuredTaskParams

PARAMS = StructuredTaskParams(draws=500)
"""The sizes of the standard profile, with fewer resamples."""

CALIBRATION = Calibration(
    study=ACCOUNT.name,
    params=PARAMS,
    analyse=analyse,
    scenarios=(*curves.SCENARIOS, *maps.SCENARIOS),
    sizes={
        "tasks": len(curves.N_CLASSES),
        "repetitions": PARAMS.n_repetitions,
        "queries": PARAMS.n_queries,
        "maps": PARAMS.n_maps,
        "natural_maps": PARAMS.n_natural,
        "draws": PARAMS.draws,
    },
    told="one task of two classes and one of four, "
    f"{PARAMS.n_repetitions} draws of demonstrations with {PARAMS.n_queries} queries each for H1 and H2, "
    f"{PARAMS.n_maps} random maps and {PARAMS.n_natural} of each natural kind for H3.",
)

if __name__ == "__main__":
    CALIBRATION.main()
