"""Write docs/reference.md from the docstrings of the public names: ``python docs/reference_page.py``."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import taskscope
from taskscope.models.language_model import LanguageModel
from taskscope.report.findings import Control, Figure, Finding, Interval, Table
from taskscope.studies.comparing.differences import Comparison, Difference

PAGE = Path(__file__).with_name("reference.md")
HANDED = (Finding, Control, Interval, Figure, Table, Comparison, Difference, LanguageModel)
"""Classes of what the public functions hand back."""
_HEAD = """# Public names

Made from the docstrings of `taskscope` by `make docs`; everything else may change between versions.
"""
_HANDED = """## What is handed back

`Result` holds findings, figures and tables; `compare` gives a `Comparison`, `load` a `LanguageModel`. None of
these classes is made by hand.
"""


def page() -> str:
    """Return the page as Markdown."""
    parts = [_HEAD]
    for name in sorted(n for n in taskscope.__all__ if not n.startswith("_")):
        thing = getattr(taskscope, name)
        parts.append(_entry(f"taskscope.{name}", thing, level=2))
        if inspect.isclass(thing):
            parts += _members(thing)
    parts.append(_HANDED)
    for handed in HANDED:
        parts += [_entry(handed.__name__, handed, level=3), *_members(handed)]
    return "\n".join(parts)


def _members(thing: type) -> Iterator[str]:
    """Yield a table of the fields and an entry for every property and method that the class has itself."""
    fields = list(_fields(thing))
    if fields:
        lines = (f"| `{name}` | {kind} | {meaning} |" for name, kind, meaning in fields)
        yield "\n".join(["| field | type | meaning |", "| --- | --- | --- |", *lines]) + "\n"
    for own, value in vars(thing).items():
        made = getattr(value, "func", getattr(value, "fget", value))
        if not own.startswith("_") and inspect.isfunction(made):
            yield _entry(f"{thing.__name__}.{own}", made, level=4, read_only=made is not value)


def _fields(thing: type) -> Iterator[tuple[str, str, str]]:
    """Yield the declared fields: name, type, and the text under it."""
    if not (dataclasses.is_dataclass(thing) or hasattr(thing, "model_fields")):
        return
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(thing))).body
    assert isinstance(body, ast.ClassDef)
    for line, after in zip(body.body, [*body.body[1:], None], strict=True):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.target.id[0] != "_":
            told = after.value if isinstance(after, ast.Expr) else None
            text = told.value if isinstance(told, ast.Constant) and isinstance(told.value, str) else ""
            default = f" = {ast.unparse(line.value)}" if line.value else ""
            kind = f"`{ast.unparse(line.annotation)}{default}`"
            yield line.target.id, kind.replace(" | ", " or "), inspect.cleandoc(text).replace("\n", " ")


def _entry(name: str, thing: Any, level: int, read_only: bool = False) -> str:
    signature = ""
    if read_only:
        signature = f": {thing.__annotations__['return']}"
    elif inspect.isfunction(thing):
        # Annotations are texts here, and are shown without their quotes.
        signature = re.sub(r" at 0x\w+|'", "", str(inspect.signature(thing)))
    text = inspect.getdoc(thing) or ""
    if inspect.isclass(thing) and "\n" not in text:
        return f"{'#' * level} {name}\n\n{text}\n"
    return f"{'#' * level} {name}\n\n```text\n{name.rpartition('.')[2]}{signature}\n\n{text}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
