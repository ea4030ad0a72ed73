"""Work done by a process beside: the same charts, and none lost with it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

SETTING = """
import json, os, signal, sys
from taskscope.report import beside, drawing

def ready():
    import colorsys
spec = json.dumps({"data": {"values": [{"x": 1, "y": 2}]}, "mark": "bar",
                   "encoding": {"x": {"field": "x"}, "y": {"field": "y"}}})
"""
GONE = """
try:
    os.kill(helpers[0], 0)
except ProcessLookupError:
    print("and gone")
"""
ELSEWHERE = (
    SETTING
    + """
with beside.beside(drawing.get_ready):
    helpers = list(beside._pool._processes)
    there = drawing.drawn(spec)
drawing.drawn.cache_clear()
assert drawing.drawn(spec) == there and there.startswith("<svg")
print("the same")
"""
    + GONE
)
APART = (
    SETTING
    + """
from taskscope.errors import TaskError
from taskscope.tasks import registry
def imported():
    return "colorsys" in sys.modules
with beside.beside(ready):
    assert beside.apart(os.getpid) != os.getpid()
    assert beside.apart(imported) and not imported()
    try:
        beside.apart(registry.get, "nothing")
    except TaskError as error:
        print(error.given)
assert beside.apart(os.getpid) == os.getpid()
"""
)
KILLED = (
    SETTING
    + """
with beside.beside(drawing.get_ready):
    os.kill(next(iter(beside._pool._processes)), signal.SIGKILL)
    print(drawing.drawn(spec)[:4], drawing.drawn(spec.replace("bar", "point"))[:4])
"""
)
TRIED = """
with beside.beside(drawing.get_ready):
    print(beside._pool, drawing.drawn(spec)[:4])
"""
NO_SEMAPHORES = (
    SETTING
    + """
import _multiprocessing, multiprocessing.synchronize
class Refused:
    def __init__(self, *arguments, **named):
        raise FileNotFoundError("/dev/shm")
_multiprocessing.SemLock = Refused
"""
    + TRIED
)
NO_FORK = (
    SETTING
    + """
def refused():
    raise BlockingIOError("no more processes")
os.fork = refused
"""
    + TRIED
)
INTERRUPTED = (
    SETTING
    + """
import time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started deaf to it
try:
    with beside.beside(drawing.get_ready):
        helpers = list(beside._pool._processes)
        drawing.drawn(spec)
        os.killpg(0, signal.SIGINT)
        time.sleep(60)
except KeyboardInterrupt:
    print("interrupted")
"""
    + GONE
)
TERMINATED = (
    SETTING
    + """
with beside.beside(drawing.get_ready):
    drawing.drawn(spec)
    os.kill(os.getpid(), signal.SIGTERM)
    drawing.drawn(spec)
"""
)
TOO_LATE = (
    SETTING
    + """
sys.modules["torch"] = sys
"""
    + TRIED
)


@pytest.mark.skipif(sys.platform != "linux", reason="charts are drawn beside other work on Linux only")
@pytest.mark.parametrize(
    ("program", "told"),
    [
        (ELSEWHERE, "the same\nand gone"),
        (APART, "No task 'nothing'."),
        (KILLED, "<svg <svg"),
        (NO_SEMAPHORES, "None <svg"),
        (NO_FORK, "None <svg"),
        (INTERRUPTED, "interrupted\nand gone"),
        (TOO_LATE, "None <svg"),
    ],
    ids=[
        "drawn elsewhere",
        "any work done elsewhere, and its errors told here",
        "its process killed",
        "no shared semaphores, as without /dev/shm",
        "no further process allowed",
        "Ctrl-C goes to both",
        "torch is there, so that a fork is not safe",
    ],
)
def test_charts_beside(program: str, told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, start_new_session=True
    )
    assert (done.returncode, done.stdout.strip()) == (0, told), done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="charts are drawn beside other work on Linux only")
def test_no_process_is_left_when_the_one_that_asked_is_killed() -> None:
    # A process left behind would hold the pipe open, and reading it would never end.
    done = subprocess.run([sys.executable, "-c", TERMINATED], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGTERM, done.stderr
