"""The rule on RQ1 is right as often as promised, on simulated gaps whose truth is known."""

import pytest

import calibration_checks as check
from taskscope.studies.base import Params
from taskscope.studies.calibrating import Calibration
from taskscope.studies.kernel_regression.simulated.findings import findings
from taskscope.studies.kernel_regression.simulated.simulation import SCENARIOS

CALIBRATION = Calibration(
    study="kernel-regression",
    params=Params(),
    analyse=lambda rows, params: findings(rows, 200),
    scenarios=SCENARIOS,
    sizes={},
    told="",
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_verdicts_are_right_as_often_as_promised(scenario):
    check.check_fresh_tables(CALIBRATION, scenario, 8)
