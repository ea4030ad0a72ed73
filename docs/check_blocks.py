"""Execute the shell blocks of README, CONTRIBUTING and the docs: ``python docs/check_blocks.py [PAGE...]``.

All blocks of a page run in one shell, in a folder that holds what a reader has, and stop at the first command
that fails. What cannot run without a network, a cluster or hours stands in ``offline.py`` with its reason.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from offline import BEFORE, INSTEAD, Instead, give_files

DOCS = Path(__file__).parent
ROOT = DOCS.parent
BY_COMMAND = {entry.written: entry for entry in INSTEAD}


def blocks(page: Path) -> list[str]:
    """Return the shell blocks of a page, from top to bottom."""
    return re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def pages() -> list[Path]:
    """Return the pages that have shell blocks."""
    written = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    return sorted(page for page in written if blocks(page))


def lines(page: Path) -> list[str]:
    """Return the lines of all blocks without comments, joined where a line goes on."""
    text = "\n".join(blocks(page)).replace("\\\n", " ")
    bare = (re.sub(r"(^|\s+)#(\s.*|!.*)?$", "", line) for line in text.splitlines())
    return [re.sub(r" {2,}(?=\S)", " ", line) if line[:1] != " " else line for line in bare if line.strip()]


def script(page: Path) -> tuple[list[str], list[Instead]]:
    """Return what is executed for a page, and which of its lines are not executed as they are written.

    What the Japanese README repeats from README is executed once, there.
    """
    executed, changed = [BEFORE.get(page.name, "")], []
    elsewhere = lines(ROOT / "README.md") if page.name == "README.ja.md" else []
    for line in lines(page):
        if line in elsewhere:
            continue
        entry = BY_COMMAND.get(line)
        executed.append(entry.executed if entry else line)
        changed += [entry] if entry else []
    return [line for line in executed if line], changed


def check(page: Path) -> bool:
    """Execute a page, print how it went, and return whether it went well."""
    started = time.monotonic()
    executed, changed = script(page)
    with tempfile.TemporaryDirectory() as name:
        give_files(Path(name))
        text = "\n".join(["set -e", *executed])
        done = subprocess.run(["bash", "-c", text], cwd=name, capture_output=True, text=True)
    state = "ok" if done.returncode == 0 else f"failed\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    seconds = time.monotonic() - started
    print(f"{page.relative_to(ROOT)}: {len(executed)} lines, {seconds:.0f} s, {state}", flush=True)
    for entry in changed:
        print(f"  not as written: {entry.written}\n    {entry.executed or 'not executed'}: {entry.why}")
    return done.returncode == 0


def main(chosen: list[Path]) -> int:
    """Execute pages and return the exit code."""
    failed = [page for page in chosen if not check(page.resolve())]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]] or pages()))
