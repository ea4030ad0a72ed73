"""What the benchmarks share: ways of doing one thing compared and timed, and their sections written.

All ways must agree before they are timed. Every way runs on one thread, in turn, so that a busy machine slows
them alike; a time is the median of CPU seconds.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from sections import replace_section

TOLERANCE = 1e-4
"""Largest difference in log p, nats."""
Problem = TypeVar("Problem")


def compare(
    ways: Mapping[str, Callable[[Problem], np.ndarray]], problem: Problem, reference: str
) -> tuple[np.ndarray, float]:
    """Solve a problem every way; return what the reference gave and the largest difference from it in nats.

    Raises:
        SystemExit: If the ways disagree by more than `TOLERANCE`.
    """
    results = {name: way(problem) for name, way in ways.items()}
    worst = max(float(np.abs(found - results[reference]).max()) for found in results.values())
    if worst > TOLERANCE:
        raise SystemExit(f"the ways disagree by {worst:.1e} nats (at most {TOLERANCE:.0e})")
    return results[reference], worst


def medians(
    ways: Mapping[str, Callable[[Problem], np.ndarray]], problem: Problem, repeats: int
) -> dict[str, float]:
    """Time every way in turn, `repeats` times; return the median CPU seconds of each."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            start = time.process_time()
            way(problem)
            seconds[name].append(time.process_time() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def runs(repeats: int) -> str:
    """Say how often each way was timed: one time has no spread."""
    if repeats == 1:
        return "one run of each way, so that chance in the times is not told"
    return f"medians of {repeats} interleaved repeats"


def processor() -> str:
    """Name the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores" if names else platform.processor() or platform.machine()


def main(description: str, table: Callable[[int], str], repeats: int) -> None:
    """Run a benchmark on one thread; print its section, and write it where asked.

    Args:
        description: For ``--help``.
        table: Makes the Markdown section from a number of repeats.
        repeats: How many unless ``--repeats`` says so.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--repeats", type=int, default=repeats)
    parser.add_argument("--write", type=Path, help="Markdown file whose section on this is replaced")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    section = table(arguments.repeats)
    print(section)
    if arguments.write:
        replace_section(arguments.write, section)
