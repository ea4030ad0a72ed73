"""The calibration of the verdicts on RQ1 to RQ5.

Run ``python -m taskscope.studies.kernel_regression.calibration`` from the repository to write the committed
table; ``--tables`` says how many row tables each scenario gets.
"""

from __future__ import annotations

from taskscope.studies.calibrating import Calibration
from taskscope.studies.kernel_regression.claims import ACCOUNT
from taskscope.studies.kernel_regression.effects import simulation as effects
from taskscope.studies.kernel_regression.params import KernelRegressionParams
from taskscope.studies.kernel_regression.parts import analyse
from taskscope.studies.kernel_regression.simulated import simulation as simulated
from taskscope.studies.kernel_regression.weights import simulation as weights

PARAMS = KernelRegressionParams(draws=300)
"""The sizes of the standard profile on one task, with fewer resamples."""

CALIBRATION = Calibration(
    study=ACCOUNT.name,
    params=PARAMS,
    analyse=analyse,
    scenarios=(*simulated.SCENARIOS, *weights.SCENARIOS, *effects.SCENARIOS),
    sizes={
        "tasks": 1,
        "heads": weights.BLOCKS * weights.PER_BLOCK,
        "k": PARAMS.k,
        "n_selection": PARAMS.n_selection,
        "n_held_out": PARAMS.n_held_out,
        "n_effects": PARAMS.n_effects,
        "draws": PARAMS.draws,
    },
    told=f"one task of two classes, {PARAMS.n_selection} questions by which a head is chosen and "
    f"{PARAMS.n_held_out} by which it is judged, {weights.BLOCKS} blocks of {weights.PER_BLOCK} heads; "
    f"for RQ5, {PARAMS.n_effects} questions asked in every condition.",
)

if __name__ == "__main__":
    CALIBRATION.main()
