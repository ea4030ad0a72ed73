"""Which code measured a cell: a hash over the measuring function's module and all it imports."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from functools import cache
from pathlib import Path

OWN = "taskscope"
LOADING = "taskscope.models.loading"
"""Makes the model that measuring functions of this package are handed, which none of them imports."""


@cache
def code_hash(measure: str) -> str:
    """Hash the sources that decide what a measuring function returns; nothing is imported.

    Starting from the function's module, every import of a module of the same top-level package is followed,
    imports inside functions included: a change of the forward pass counts, one of a figure or of the command
    line does not. What loads models counts for all functions of this package. The top-level `__init__` (the
    version, and names for other people's programs) is left out, with what it alone imports, unless a name is
    imported from it.

    Args:
        measure: Dotted path ``package.module:function``.

    Returns:
        Sha256 in hex; that of nothing if the module has no Python source.
    """
    module = measure.partition(":")[0]
    top = module.partition(".")[0]
    seen: dict[str, bytes] = {}
    waiting = [module, LOADING] if top == OWN else [module]
    met = set(waiting)
    while waiting:
        name = waiting.pop()
        path = _source(name)
        if path is None:
            named = set(_passed_on(top, name)) - met
            met |= named
            waiting += named
            continue
        seen[name] = path.read_bytes()
        if name == top != module:
            continue
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        parent = name.rpartition(".")[0]
        named = {parent, *_imports(seen[name], package)} - met
        met |= named
        waiting += (n for n in named if n.partition(".")[0] == top)
    if len(seen) > 1:
        seen.pop(top, None)
    digest = hashlib.sha256()
    for name in sorted(seen):
        digest.update(f"{name} {len(seen[name])}\n".encode() + seen[name])
    return digest.hexdigest()


def _source(module: str) -> Path | None:
    """Find a module's file from its top-level package, without importing the packages between."""
    top, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(top) if top else None
    except ValueError:  # ``__main__`` has no spec
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    if not rest:
        return Path(spec.origin)
    base = Path(spec.origin).parent.joinpath(*rest)
    candidates = (base / "__init__.py", base.with_name(f"{base.name}.py"))
    return next((path for path in candidates if path.is_file()), None)


def _passed_on(top: str, name: str) -> tuple[str, ...]:
    """Name the modules from which the top-level `__init__` takes a name that others import from it."""
    parent, _, wanted = name.rpartition(".")
    path = _source(top) if parent == top else None
    return tuple(n for n in _imports(path.read_bytes(), top, wanted) if n != name) if path else ()


@cache
def _imports(source: bytes, package: str, wanted: str | None = None) -> tuple[str, ...]:
    """Name every module that `source` may import; names that turn out to be functions are harmless.

    Remembered by content: measuring functions of one study share nearly all of their modules, and parsing
    them is most of the work.

    Args:
        source: Of a module.
        package: In which relative imports are resolved.
        wanted: Only where the source gets this name; all by default.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # it cannot be imported either
        return ()
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += (a.name for a in node.names if wanted in (None, a.asname or a.name.partition(".")[0]))
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, node.module] if node.module else above)
            names = [a.name for a in node.names if wanted in (None, a.asname or a.name)]
            found += (base, *(f"{base}.{name}" for name in names)) if names else ()
    return tuple(found)
