"""Kills runs at random moments, lets others finish them, and compares the ends with an undisturbed run.

Run as ``python soak.py --kills N [--seed S]``; prints a Markdown table and exits with 1 if anything differed.
This process imports everything once and forks every run from itself, so a kill costs a fraction of a second.

- ``at a flush``: the run kills itself just before it flushes its N-th file or folder to the disk, N drawn
  over the whole run; another run finishes it.
- ``at any time``: the run is killed from outside, some time after a number of events drawn over all.
- ``one of two``: two runs share a folder; one of them is killed at any time, the other goes on.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import toy_cells
from taskscope.engines import inline
from taskscope.engines.events import CellDone, CellStarted, Event
from taskscope.runs.provenance import surroundings
from taskscope.runs.store import RunFolder

PLAN = toy_cells.toy_plan("ba", 4)
LOG = "log.txt"
"""Beside a run folder: a line for every cell that was begun or stored, in the order of happening."""


def measure_all(root: Path, die_at: int = 0) -> None:
    """Do one run of the plan under `root`, in this process."""
    toy_cells._die_at(die_at)
    log = os.open(root / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def on_event(event: Event) -> None:
        if isinstance(event, CellStarted | CellDone):
            os.write(log, f"{type(event).__name__} {event.cell.key} {os.getpid()}\n".encode())

    folder = RunFolder.create_or_open(root / "run", {})
    inline.run(PLAN, folder, toy_cells.load, on_event=on_event)
    toy_cells.conclude(folder)


def fork(work: Callable[[], None]) -> int:
    """Do `work` in a child; returns its process number."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child


def wait(child: int) -> int:
    """Return the exit code of a child, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kept(root: Path) -> dict[str, bytes]:
    """Everything that must not depend on interruptions."""
    run = root / "run"
    return {
        str(p.relative_to(run)): p.read_bytes()
        for p in run.rglob("*")
        if p.suffix in (".parquet", ".safetensors") or p.name == "findings.json"
    }


@dataclass
class Reference:
    """An undisturbed run: what it kept, how often it flushed, how long it took."""

    kept: dict[str, bytes]
    flushes: int
    seconds: float


@dataclass
class Tally:
    """What came of the kills of one kind."""

    runs: int = 0
    killed: int = 0
    stored_before: int = 0
    """Cells in the folder before the last run; for "one of two" that is after the other one had finished."""
    problems: Counter[str] = field(default_factory=Counter)


def undisturbed(root: Path) -> Reference:
    """Do one run that nothing disturbs, twice, and time the second, which is warm."""
    for name in ("cold", "warm"):
        (root / name).mkdir()
        start = time.perf_counter()
        assert wait(fork(lambda name=name: measure_all(root / name))) == 0
    seconds = time.perf_counter() - start
    count = toy_cells._die_at(0)
    (root / "counted").mkdir()
    measure_all(root / "counted")
    return Reference(kept(root / "warm"), count[0], seconds)


def pause(root: Path, reference: Reference, draw: random.Random) -> None:
    """Wait for some events of a run, and a part of the time that one takes."""
    log, events = root / LOG, draw.randrange(2 * len(PLAN))
    deadline = time.monotonic() + 60
    while events and (not log.exists() or log.read_bytes().count(b"\n") < events):
        assert time.monotonic() < deadline, "a run stands still"
        time.sleep(0.0005)
    time.sleep(draw.uniform(0, reference.seconds / len(PLAN) / 2))


def at_a_flush(root: Path, reference: Reference, draw: random.Random) -> int:
    """Let a run kill itself."""
    return wait(fork(lambda: measure_all(root, die_at=draw.randint(1, reference.flushes))))


def at_any_time(root: Path, reference: Reference, draw: random.Random) -> int:
    """Kill a run from outside."""
    child = fork(lambda: measure_all(root))
    pause(root, reference, draw)
    os.kill(child, signal.SIGKILL)
    return wait(child)


def one_of_two(root: Path, reference: Reference, draw: random.Random) -> int:
    """Kill one of two runs that share a folder; the other must finish by itself."""
    other, child = (fork(lambda: measure_all(root)) for _ in range(2))
    pause(root, reference, draw)
    os.kill(child, signal.SIGKILL)
    code = wait(child)
    assert wait(other) == 0, "the run that was not killed failed"
    return code


KINDS = {"at a flush": at_a_flush, "at any time": at_any_time, "one of two": one_of_two}


def check(root: Path, reference: Reference) -> list[str]:
    """Name everything in a run, killed and finished, that differs from an undisturbed one."""
    events = [line.split() for line in (root / LOG).read_text().splitlines()]
    done = Counter(key for what, key, _ in events if what == "CellDone")
    starts: dict[str, set[str]] = {}
    for what, key, process in events:
        if what == "CellStarted":
            starts.setdefault(key, set()).add(process)
    folder = RunFolder.open(root / "run")
    finished = {key: {p for w, k, p in events if (w, k) == ("CellDone", key)} for key in done}
    found = {
        "a cell was lost": any(not folder.has(cell.key) for cell in PLAN),
        "a cell was stored twice": any(n > 1 for n in done.values()),
        "rows, arrays or findings differ": kept(root) != reference.kept,
        "something is damaged": bool(folder.damaged) or (root / "run" / "damaged").exists(),
        "a leftover was not swept": any((root / "run" / ".tmp").iterdir()),
        "a claim was left": (root / "run" / "claims").exists(),
        # Only the cell that a killed process had begun may be begun by another one.
        "a cell was computed twice": sum(len(by) - 1 for by in starts.values()) > 1
        or any(len(starts.get(key, ())) > 1 and len(by) > 1 for key, by in finished.items()),
        "a stored cell was computed again": any(
            events.index(["CellDone", key, p]) < events.index(["CellStarted", key, q])
            for key, by in finished.items()
            for p in by
            for q in starts.get(key, set()) - {p}
        ),
    }
    return [problem for problem, is_so in found.items() if is_so]


def soak(root: Path, kills: int, seed: int) -> dict[str, Tally]:
    """Kill that many runs, the kinds in turn."""
    surroundings()  # once, not in every child
    reference = undisturbed(root)
    tallies = {kind: Tally() for kind in KINDS}
    for number in range(kills):
        draw = random.Random(f"{seed}/{number}")
        kind = list(KINDS)[number % len(KINDS)]
        tally, trial = tallies[kind], root / f"trial-{number}"
        trial.mkdir()
        code = KINDS[kind](trial, reference, draw)
        tally.runs += 1
        tally.killed += code == -signal.SIGKILL
        tally.stored_before += len(list((trial / "run" / "cells").glob("*/cell.json")))
        if wait(fork(lambda trial=trial: measure_all(trial))) != 0:
            tally.problems["the run that finishes it failed"] += 1
            continue
        tally.problems.update(check(trial, reference))
        if not tally.problems:
            shutil.rmtree(trial)
    return tallies


def table(tallies: dict[str, Tally]) -> str:
    """Format the tallies in Markdown."""
    lines = [
        "| how runs were killed | runs | killed before their end | cells stored | lost, twice, different |",
        "|---|---:|---:|---:|---|",
    ]
    for kind, tally in tallies.items():
        told = "; ".join(f"{what}: {n}" for what, n in tally.problems.items()) or "none"
        lines.append(f"| {kind} | {tally.runs} | {tally.killed} | {tally.stored_before} | {told} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        tallies = soak(Path(folder), asked.kills, asked.seed)
    print(table(tallies))
    print(f"\n{asked.kills} kills in {time.perf_counter() - start:.0f} s, seed {asked.seed}.")
    sys.exit(any(tally.problems for tally in tallies.values()))


if __name__ == "__main__":
    main()
