"""Verdicts on simulated rows with a known truth: a small count here, and the committed table."""

from types import MappingProxyType

from calibration_checks import PromiseBothWays
from taskscope.studies.kernel_regression.calibration import CALIBRATION


class TestCalibration(PromiseBothWays):
    calibration = CALIBRATION
    n_tables = 12
    remade = "a few upper heads vote"
    # Tables behind each line of the committed table: enough to tell 2 % from 10 %.
    fewest = MappingProxyType({**dict.fromkeys(("RQ2", "RQ3", "RQ4"), 150), "RQ5": 300})
    opposites = (("nothing", "RQ2"), ("every head votes", "RQ3"))
