"""What marks the rows of generated tasks, which have the columns of E1."""

from __future__ import annotations

PART = "suite"
