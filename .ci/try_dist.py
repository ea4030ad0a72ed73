"""Install the wheel, then the sdist, in an empty environment outside the checkout, and use what is installed.

Run as ``python .ci/try_dist.py dist CONSTRAINTS`` from the root of the checkout. The environment is made in a
temporary folder, by the Python that runs this, and goes with it. Stops at the first command that fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

PROMPT = "go->going\\nsee->seeing\\neat->eating\\nplay->playing\\nwalk->"
RUN = ("taskscope", "run", "task-vectors", "-m", "pico-xs", "--profile", "smoke")
FROM_WHEEL = (
    ("taskscope", "--help"),
    ("taskscope", "list", "models"),
    (*RUN, "--out", "wheel"),
    ("taskscope", "look", "planted-vector", PROMPT, "--out", "look.html"),
    ("taskscope", "demo"),
)
FROM_SDIST = (("taskscope", "--help"), (*RUN, "--out", "sdist"))


def use(folder: Path, made: Path, constraints: Path, commands: tuple[tuple[str, ...], ...]) -> None:
    """Put a distribution in place of the one before and execute commands with it, in an empty folder."""
    bin_ = folder / "bin"
    pip = (str(bin_ / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check")
    subprocess.run([*pip, "uninstall", "--yes", "taskscope"], check=True, stderr=subprocess.DEVNULL)
    subprocess.run([*pip, "install", "-c", str(constraints), str(made)], check=True)
    # Nothing of the checkout may help: no path to it, and a folder that is not in it.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment = clean | {"PATH": f"{bin_}{os.pathsep}{clean['PATH']}"}
    outside = folder / "outside"
    outside.mkdir(exist_ok=True)
    where = "import taskscope; print(taskscope.__file__)"
    at = subprocess.run(
        ["python", "-c", where], cwd=outside, env=environment, check=True, capture_output=True, text=True
    ).stdout
    if not Path(at).is_relative_to(folder):
        sys.exit(f"{made.name}: taskscope is read from {at}")
    for command in commands:
        started = time.monotonic()
        subprocess.run(command, cwd=outside, env=environment, check=True, stdout=subprocess.DEVNULL)
        sys.stdout.write(f"{made.name}: {' '.join(command)}: {time.monotonic() - started:.0f} s\n")
        sys.stdout.flush()


def main(dist: Path, constraints: Path) -> None:
    """Try what a folder holds: one wheel and one sdist."""
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        venv.create(folder, with_pip=True)
        use(folder, wheel.resolve(), constraints.resolve(), FROM_WHEEL)
        use(folder, sdist.resolve(), constraints.resolve(), FROM_SDIST)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
