"""Verdicts on simulated rows with a known truth: a small count here, and the committed table."""

from types import MappingProxyType

from calibration_checks import PromiseBothWays
from taskscope.studies.kernel_regression.calibration import CALIBRATION


class TestCalibration(PromiseBothWays):
    calibration = CALIBRATION
    n_tables = 12
    remade = "a few upper heads vote"
    # Tables behind each line of the committed table where they are other than 1000.
    fewest = MappingProxyType({"RQ5": 300})
    opposites = (("nothing", "RQ2"), ("every head votes", "RQ3"))
