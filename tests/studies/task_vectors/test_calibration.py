"""Verdicts on simulated rows with a known truth: a small count here, and the committed table."""

from dataclasses import replace
from types import MappingProxyType

from calibration_checks import Promise
from taskscope.studies.task_vectors.calibration import CALIBRATION

COUNTED = ("midpoint, tasks differ", "half kept late", "task vector")


class TestCalibration(Promise):
    calibration = CALIBRATION
    n_tables = 25
    remade = "no vector"
    fewest = MappingProxyType({"C5": 200, "C6": 200, "C7": 300})  # where other than 1000 tables were counted

    @staticmethod
    def counted(calibration):
        params = calibration.params.model_copy(update={"draws": 200})
        return replace(calibration, params=params), [s for s in calibration.scenarios if s.name in COUNTED]
