"""Every composition of two or three built-in tasks with enough items, and how many it has.

Run ``python -m taskscope.studies.structured_tasks.nested.listing`` to choose some for `nested`.
"""

from __future__ import annotations

import sys

from taskscope.studies.structured_tasks.params import NestedParams
from taskscope.tasks.nested.compositions import possible


def lines() -> list[str]:
    """List name and number of items, those of two tasks first; enough for the default sizes."""
    own = NestedParams()
    least = own.nested_shots + own.nested_queries
    return [f"{one.name}  {len(one.items)}" for depth in (2, 3) for one in possible(depth, least)]


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()) + "\n")
