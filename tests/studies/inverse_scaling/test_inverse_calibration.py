"""Verdicts on simulated series with a known truth: a small count here, and the committed table."""

from calibration_checks import Promise
from taskscope.studies.inverse_scaling.calibration import CALIBRATION


class TestCalibration(Promise):
    calibration = CALIBRATION
    n_tables = 12
    remade = "one task falls"
