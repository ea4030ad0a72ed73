"""taskscope: what does a language model do with a task it is shown in context?

The public API, imported lazily so that ``import taskscope`` and ``taskscope --help`` stay instant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taskscope.models.loading import load as load

__version__ = "0.1.0"
__all__ = ["__version__", "load"]

_LAZY = {"load": "taskscope.models.loading"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'taskscope' has no attribute {name!r}")
