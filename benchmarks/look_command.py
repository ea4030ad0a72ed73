"""How long `taskscope look` takes, from the shell's prompt and back, on the largest built-in model.

    python benchmarks/look_command.py [--repeats 5] [--write docs/benchmarks.md]

Wall time of whole processes, as one waits for them; and of one that only imports the libraries of a model.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from timing import main, processor

TWO = "dog->DOG\ncat->CAT\nhouse->"
FIVE = "go->going\nsee->seeing\neat->eating\nplay->playing\nread->reading\nwalk->"
"""The prompt of docs/look.md."""
IMPORTS = "from transformers import LlamaForCausalLM, PreTrainedTokenizerFast"
LOOK = ["-m", "taskscope.cli.main", "look"]
COMMANDS = {
    "importing torch and transformers, nothing else": ["-c", IMPORTS],
    "taskscope look planted-vector, 2 demonstrations": [*LOOK, "planted-vector", TWO],
    "taskscope look planted-vector, 5 demonstrations": [*LOOK, "planted-vector", FIVE],
    "taskscope look pico-l, 2 demonstrations": [*LOOK, "pico-l", TWO],
    "taskscope look pico-l, 5 demonstrations": [*LOOK, "pico-l", FIVE],
    "taskscope look pico-l --json, 5 demonstrations": [*LOOK, "pico-l", FIVE, "--json"],
}


def timed(command: list[str], folder: str) -> float:
    """Run Python with these arguments; return seconds."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, cwd=folder)
    return time.perf_counter() - start


def table(repeats: int) -> str:
    """Make the Markdown section."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeats):
            for name, command in COMMANDS.items():
                seconds[name].append(timed(command, folder))
    rows = [
        f"| {name} | {statistics.median(s):.1f} | {min(s):.1f} | {max(s):.1f} |"
        for name, s in seconds.items()
    ]
    load = os.getloadavg()[0]
    return "\n".join(
        [
            "## One look",
            "",
            "Prompts with two and with five demonstrations, the latter that of [its page](look.md), in a new",
            f"process each time, {repeats} times in turn, wall time; the machine's load was {load:.1f} at",
            "the end. `benchmarks/look_command.py`.",
            "",
            f"{processor()}.",
            "",
            "| command | seconds, median | least | most |",
            "|---|---:|---:|---:|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    main(__doc__.splitlines()[0], table, repeats=5)
