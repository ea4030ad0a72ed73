"""Peak memory of each study: a process of its own for every one, on one built-in model.

    python benchmarks/peak_memory.py [--model pico-m] [--profile smoke] [--study NAME ...]

The peak is that of resident memory over the whole command: planning, loading, measuring, judging, the page.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from sections import replace_section
from taskscope.studies.registry import registry

NOTHING = "import torch, transformers, taskscope.studies.publish"


def peak(command: list[str]) -> int:
    """Run a command to its end; return the most memory it held, in bytes.

    Raises:
        SystemExit: If the command fails.
    """
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert child.stderr is not None
    told = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{told}")
    return usage.ru_maxrss * 1024


def table(studies: list[str], model: str, profile: str) -> str:
    """Make the Markdown section."""
    rows = [("nothing: the libraries alone", peak([sys.executable, "-c", NOTHING]))]
    for study in studies:
        with tempfile.TemporaryDirectory() as folder:
            run = ["run", study, "-m", model, "-p", profile, "-o", f"{folder}/run"]
            rows.append((study, peak([sys.executable, "-m", "taskscope.cli.main", *run])))
        print(f"{study}: {rows[-1][1] / 2**20:.0f} MiB", file=sys.stderr)
    return "\n".join(
        [
            "## Peak memory",
            "",
            f"Resident memory of the whole command at its peak, `{profile}` profile on `{model}`, on the",
            "processor, a process for each study. `benchmarks/peak_memory.py`.",
            "",
            "| study | MiB |",
            "|---|---:|",
            *(f"| {name} | {size / 2**20:,.0f} |" for name, size in rows),
            "",
        ]
    )


def main() -> None:
    """Print the section, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="pico-m")
    parser.add_argument("--profile", default="smoke")
    parser.add_argument("--study", action="append", choices=list(registry()))
    parser.add_argument("--write", type=Path, help="Markdown file whose section on this is replaced")
    asked = parser.parse_args()
    section = table(asked.study or list(registry()), asked.model, asked.profile)
    print(section)
    if asked.write:
        replace_section(asked.write, section)


if __name__ == "__main__":
    main()
