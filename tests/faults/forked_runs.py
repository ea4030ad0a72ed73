"""Kills real runs of the command line, forked from a process that has imported everything.

Run as ``python forked_runs.py KILLS SEED WORD...`` with the words of a command; it is killed that many times
at random moments, resumes each time, and may then finish. Prints how many cells were stored at each kill, or
when a run had ended before its turn came.
Torch is imported beforehand only for a command that names a model.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from taskscope.cli import main, run  # noqa: F401
from taskscope.studies import publish  # noqa: F401

PATIENCE = 60.0 if "-m" in sys.argv else 3.0
"""Seconds in which a run will have stored a cell, or is past its cells."""
if "-m" in sys.argv:
    import torch  # noqa: F401
    import transformers  # noqa: F401

    from taskscope.models import loading  # noqa: F401


def start(words: list[str]) -> int:
    """Fork one run of the command; returns its process number."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.argv = ["taskscope", *words]
        code = 1
        try:
            main.run()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        finally:
            os._exit(code)
    return child


def stored(out: Path) -> int:
    return len(list(out.glob("cells/*/cell.json")))


def has_ended(child: int) -> bool:
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def kill_and_finish(kills: int, draw: random.Random, words: list[str]) -> int:
    """Kill one run after another on the same folder; returns the exit code of the last."""
    out = Path(words[words.index("-o") + 1])
    for _ in range(kills):
        held = stored(out)
        child = start(words)
        # Every other one is let come so far that it stores a cell, the rest die while they start or load.
        deadline = time.monotonic() + draw.choice([0.0, PATIENCE])
        while time.monotonic() < deadline and stored(out) == held and not has_ended(child):
            time.sleep(0.005)
        time.sleep(draw.uniform(0.0, 0.3))
        os.kill(child, signal.SIGKILL)
        how = "killed" if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) < 0 else "ended"
        print(how, "with", stored(out), "cells stored", flush=True)
    return os.waitstatus_to_exitcode(os.waitpid(start(words), 0)[1])


if __name__ == "__main__":
    sys.exit(kill_and_finish(int(sys.argv[1]), random.Random(sys.argv[2]), sys.argv[3:]))
