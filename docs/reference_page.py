"""Write docs/reference.md from the docstrings of the public names: ``python docs/reference_page.py``."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import taskscope

PAGE = Path(__file__).with_name("reference.md")
_HEAD = """# Public names

Made from the docstrings of `taskscope` by `make docs`; everything else may change between versions.
"""


def page() -> str:
    """Return the page as Markdown."""
    parts = [_HEAD]
    for name in sorted(n for n in taskscope.__all__ if not n.startswith("_")):
        thing = getattr(taskscope, name)
        parts.append(_entry(f"taskscope.{name}", thing, level=2))
        if inspect.isclass(thing) and thing.__module__ == "taskscope.studies.api":
            for own, value in vars(thing).items():
                if not own.startswith("_") and (inspect.isfunction(value) or hasattr(value, "__doc__")):
                    made = getattr(value, "func", getattr(value, "fget", value))
                    if inspect.isfunction(made):
                        parts.append(_entry(f"{name}.{own}", made, level=3))
    return "\n".join(parts)


def _entry(name: str, thing: object, level: int) -> str:
    signature = re.sub(r" at 0x\w+", "", str(inspect.signature(thing))) if inspect.isfunction(thing) else ""
    text = inspect.getdoc(thing) or ""
    return f"{'#' * level} {name}\n\n```text\n{name.rpartition('.')[2]}{signature}\n\n{text}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
