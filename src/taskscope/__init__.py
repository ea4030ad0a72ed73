"""taskscope: what does a language model do with a task it is shown in context?

The public API, imported lazily so that ``import taskscope`` and ``taskscope --help`` stay instant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taskscope.models.loading import load as load
    from taskscope.models.spec import ModelSpec as ModelSpec
    from taskscope.studies.api import Result as Result
    from taskscope.studies.api import compare as compare
    from taskscope.studies.api import open_run as open_run
    from taskscope.studies.api import run as run

__version__ = "0.1.0"
__all__ = ["ModelSpec", "Result", "__version__", "compare", "load", "open_run", "run"]

_LAZY = {
    "ModelSpec": "taskscope.models.spec",
    "Result": "taskscope.studies.api",
    "compare": "taskscope.studies.api",
    "load": "taskscope.models.loading",
    "open_run": "taskscope.studies.api",
    "run": "taskscope.studies.api",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'taskscope' has no attribute {name!r}")
