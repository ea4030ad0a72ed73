"""Check that the wheel and the sdist in a folder hold every file of the package that git knows, and no other.

Weights, tokenizers, templates and scripts are files of the package; the licences stand beside it.

Run as ``python .ci/check_dist.py dist`` from the root of the checkout; exits with 1 and names what differs.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

with Path("pyproject.toml").open("rb") as _file:
    LICENCES = set(tomllib.load(_file)["project"]["license-files"])


def tracked() -> set[str]:
    """Files under src/taskscope, relative to src."""
    listed = subprocess.run(["git", "ls-files", "src/taskscope"], capture_output=True, text=True, check=True)
    return {line.removeprefix("src/") for line in listed.stdout.splitlines()}


def packed(path: Path) -> set[str]:
    """Files of the package in a wheel or an sdist, relative to its parent."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return {name for name in wheel.namelist() if name.startswith("taskscope/")}
    with tarfile.open(path) as archive:
        inside = [name.partition("/")[2] for name in archive.getnames() if name.partition("/")[2]]
        files = {name.removeprefix("src/") for name in inside if name.startswith("src/taskscope/")}
        return {name for name in files if Path(name).suffix or name.endswith("py.typed")}


def licences(path: Path) -> set[str]:
    """Licence files of a wheel or an sdist, relative to the root of the checkout."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            names = [name.partition(".dist-info/licenses/")[2] for name in wheel.namelist()]
    else:
        with tarfile.open(path) as archive:
            names = [name.partition("/")[2] for name in archive.getnames()]
    return {name for name in names if Path(name).name in ("LICENSE", "LICENSES.md")}


def main(folder: Path) -> int:
    """Compare, print, and return the exit code."""
    wanted, wrong = tracked(), 0
    made = [*folder.glob("*.whl"), *folder.glob("*.tar.gz")]
    for path in made:
        found = packed(path)
        for name in sorted(wanted - found):
            sys.stdout.write(f"{path.name} lacks {name}\n")
        for name in sorted(found - wanted):
            sys.stdout.write(f"{path.name} holds {name}, which git does not know\n")
        lacking = LICENCES - licences(path)
        for name in sorted(lacking):
            sys.stdout.write(f"{path.name} lacks the licence {name}\n")
        wrong += len(wanted ^ found) + len(lacking)
        sys.stdout.write(f"{path.name}: {len(found)} files, {path.stat().st_size / 1e6:.1f} MB\n")
    return 1 if wrong or len(made) != 2 else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
