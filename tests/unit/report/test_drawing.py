"""Charts drawn by a process of its own: the same charts, and none lost with it."""

from __future__ import annotations

import subprocess
import sys

import pytest

SETTING = """
import json, os, signal, sys
from taskscope.report import drawing

spec = json.dumps({"data": {"values": [{"x": 1, "y": 2}]}, "mark": "bar",
                   "encoding": {"x": {"field": "x"}, "y": {"field": "y"}}})
"""
ELSEWHERE = (
    SETTING
    + """
with drawing.beside():
    helpers = list(drawing._beside._processes)
    there = drawing.drawn(spec)
drawing.drawn.cache_clear()
assert drawing.drawn(spec) == there and there.startswith("<svg")
try:
    os.kill(helpers[0], 0)
except ProcessLookupError:
    print("the same, and gone")
"""
)
KILLED = (
    SETTING
    + """
with drawing.beside():
    os.kill(next(iter(drawing._beside._processes)), signal.SIGKILL)
    print(drawing.drawn(spec)[:4], drawing.drawn(spec.replace("bar", "point"))[:4])
"""
)
TOO_LATE = (
    SETTING
    + """
sys.modules["torch"] = sys
with drawing.beside():
    print(drawing._beside, drawing.drawn(spec)[:4])
"""
)


@pytest.mark.skipif(sys.platform != "linux", reason="charts are drawn beside other work on Linux only")
@pytest.mark.parametrize(
    ("program", "told"),
    [(ELSEWHERE, "the same, and gone"), (KILLED, "<svg <svg"), (TOO_LATE, "None <svg")],
    ids=["drawn elsewhere", "its process killed", "torch is there, so that a fork is not safe"],
)
def test_charts_beside(program: str, told: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, told), done.stderr
