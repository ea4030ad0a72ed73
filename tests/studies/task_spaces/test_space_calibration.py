"""Verdicts on simulated rows with a known truth: a small count here, and the committed table."""

from types import MappingProxyType

from calibration_checks import PromiseBothWays
from taskscope.studies.task_spaces.calibration import CALIBRATION


class TestCalibration(PromiseBothWays):
    calibration = CALIBRATION
    n_tables = 4
    remade = "words alone"
    fewest = MappingProxyType({**dict.fromkeys("13456789", 200), "2": 50})
    opposites = (("opposed", "4"), ("opposed", "6"), ("contained", "2"), ("more damage", "5"))
    opposites += (("similarity shrinks with size", "8"), ("settles late", "9"))
