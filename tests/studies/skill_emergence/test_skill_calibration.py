"""Verdicts on simulated rows with a known truth: a small count here, and the committed table."""

from types import MappingProxyType

from calibration_checks import PromiseBothWays
from taskscope.studies.skill_emergence.calibration import CALIBRATION


class TestCalibration(PromiseBothWays):
    calibration = CALIBRATION
    n_tables = 12
    remade = "with the excess"
    fewest = MappingProxyType(dict.fromkeys(("1", "2", "4"), 200))
    opposites = (
        ("the bound does not hold", "5"),
        ("no growth", "6"),
        ("never combined", "7"),
        ("no floor, falls fast", "1"),
        ("a floor, the root of two", "2"),
        ("better alone", "3"),
    )
