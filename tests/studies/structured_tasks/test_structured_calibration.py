"""Verdicts on simulated rows with a known truth: a small count here, and the committed table."""

from calibration_checks import PromiseBothWays
from taskscope.studies.structured_tasks.calibration import CALIBRATION


class TestCalibration(PromiseBothWays):
    calibration = CALIBRATION
    n_tables = 12
    remade = "composes"
    opposites = (("learns", "H1"), ("selects", "H2"), ("whole before part", "H3"))
