"""Name the trend of performance along a series of models, and say how sure the name is (section 6)."""

from taskscope.stats.trends.classify import Trend, classify
from taskscope.stats.trends.rule import ACCURACY, LABELS, LOSS, Label, Rule
from taskscope.stats.trends.wording import Change

__all__ = ["ACCURACY", "LABELS", "LOSS", "Change", "Label", "Rule", "Trend", "classify"]
