"""The page of measured times: every benchmark writes a section of its own."""

from __future__ import annotations

from pathlib import Path


def replace_section(path: Path, section: str) -> None:
    """Replace the section with the same heading, or add it at the end."""
    title = section.splitlines()[0]
    text = path.read_text(encoding="utf-8") if path.exists() else "# Benchmarks\n"
    before, found, rest = text.partition(title + "\n")
    following = rest.find("\n## ") if found else -1
    after = rest[following + 1 :] if following >= 0 else ""
    path.write_text(f"{before.rstrip()}\n\n{section}" + (f"\n{after}" if after else ""), encoding="utf-8")
