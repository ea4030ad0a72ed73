"""Validating a choice file that is larger than memory would like: peak memory and time.

    python benchmarks/choice_streaming.py [--gigabytes 2] [--characters 1500]

A JSON-lines file of that size is written into a temporary folder and validated by a process of its own, whose
peak resident memory is printed, beside that of a process which validates a thousandth of the file.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

WORDS = Path(__file__).read_text(encoding="utf-8").split()

JUDGE = """
import resource, sys, time
from taskscope.tasks.choice_validation import validate
start = time.process_time()
issues = validate(sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, time.process_time() - start, len(issues))
"""


def write(path: Path, size: int, characters: int) -> int:
    """Write items with prompts of about so many characters, until the file has that size; return how many."""
    rng = random.Random(0)
    n = written = 0
    with path.open("w", encoding="utf-8") as stream:
        while written < size:
            text = " ".join(rng.choices(WORDS, k=characters // 6))[:characters].strip()
            fields = {
                "prompt": f"Item {n}. {text} Answer:",
                "classes": str([" yes", " no"]),
                "answer_index": n % 2,
                "cluster": f"template {n % 40}",
            }
            written += stream.write(json.dumps(fields) + "\n")
            n += 1
    return n


def measured(path: Path) -> tuple[int, float, int]:
    """Validate in a process of its own; return peak MB, CPU seconds and the number of issues."""
    told = subprocess.run(
        [sys.executable, "-c", JUDGE, str(path)], check=True, capture_output=True, text=True
    )
    peak, seconds, issues = told.stdout.split()
    return int(peak), float(seconds), int(issues)


def main() -> None:
    """Print one line for a small file and one for the large."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--characters", type=int, default=1500)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, size in (("small", asked.gigabytes * 1e6), ("large", asked.gigabytes * 1e9)):
            path = Path(folder) / f"{name}.jsonl"
            n = write(path, int(size), asked.characters)
            peak, seconds, issues = measured(path)
            print(
                f"{name}: {path.stat().st_size / 1e6:,.0f} MB, {n:,} items: peak {peak:,} MB, "
                f"{seconds:.0f} s of CPU, {issues} issues named"
            )


if __name__ == "__main__":
    main()
