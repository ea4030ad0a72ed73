"""Execute the shell blocks of docs pages as a reader would: ``python docs/check_blocks.py [PAGE...]``.

All blocks of a page run in one shell, in an empty folder, and stop at the first command that fails. Without
pages: the tutorial, the how-to pages and the page on comparing, which need no download.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DOCS = Path(__file__).parent
PAGES = (DOCS / "tutorial.md", *sorted((DOCS / "how_to").glob("*.md")), DOCS / "compare.md")


def blocks(page: Path) -> list[str]:
    """Return the shell blocks of a page, from top to bottom."""
    return re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def main(pages: list[Path]) -> int:
    """Execute, print what failed, and return the exit code."""
    failed = 0
    for page in pages:
        started = time.monotonic()
        script = "set -e\n" + "\n".join(blocks(page))
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True)
        failed += done.returncode != 0
        state = "ok" if done.returncode == 0 else f"failed\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        seconds = time.monotonic() - started
        print(f"{page.name}: {len(blocks(page))} blocks, {seconds:.0f} s, {state}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]] or list(PAGES)))
