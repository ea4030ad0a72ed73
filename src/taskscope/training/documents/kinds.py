"""The kinds of task documents by name, each a function of (seed, number of the document) and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from taskscope.errors import TaskError, nearest
from taskscope.training.documents.classification import ClassificationWriter
from taskscope.training.documents.contested import BRIEF, FREQUENT, LONGER, RARE, ContestedWriter
from taskscope.training.documents.facts import World
from taskscope.training.documents.instructions import (
    CopyWriter,
    DefinitionWriter,
    NegationWriter,
    SayingWriter,
)
from taskscope.training.documents.lists import MANY, SHORT, ListWriter
from taskscope.training.documents.numbers import ArithmeticWriter, ComparisonWriter
from taskscope.training.documents.prose import ProseWriter
from taskscope.training.documents.renamed import RenamedWriter

NATURAL = "natural"
"""Name of the share that is no task document."""

MANY_SHOT = frozenset({"many-shot", "contested-many-shot"})
"""Kinds whose documents are mostly one list of more than 512 tokens."""

LISTS = MANY_SHOT | {"lists", "contested-brief", "contested", "renamed"}
"""Kinds that are lines of one relation after another."""

Writer = Callable[[np.random.Generator], str]

KINDS: dict[str, Callable[[World, float], Writer]] = {
    "lists": lambda world, arrow: ListWriter(world, SHORT, arrow),
    "many-shot": lambda world, arrow: ListWriter(world, MANY, arrow),
    "prose": lambda world, arrow: ProseWriter(world),
    "renamed": lambda world, arrow: RenamedWriter(world, SHORT),
    "classification": lambda world, arrow: ClassificationWriter(world),
    "definitions": lambda world, arrow: DefinitionWriter(world),
    "sayings": lambda world, arrow: SayingWriter(world),
    "arithmetic": lambda world, arrow: ArithmeticWriter(world),
    "comparisons": lambda world, arrow: ComparisonWriter(world),
    "negation": lambda world, arrow: NegationWriter(world),
    "copying": lambda world, arrow: CopyWriter(world),
    "contested-brief": lambda world, arrow: ContestedWriter(world, BRIEF, RARE, arrow),
    "contested": lambda world, arrow: ContestedWriter(world, LONGER, FREQUENT, arrow),
    "contested-many-shot": lambda world, arrow: ContestedWriter(world, MANY, FREQUENT, arrow),
}
"""How to make the writer of each kind from a world and the share of lists in the studies' default format."""


class Documents:
    """All documents of one kind, by number.

    Raises:
        TaskError: If there is no such kind.
    """

    def __init__(self, kind: str, world: World, seed: int, arrow: float = 0.0) -> None:
        if kind not in KINDS:
            raise TaskError(
                f"no kind of document {kind!r}", "one of " + ", ".join(KINDS), nearest(kind, KINDS)
            )
        self._write = KINDS[kind](world, arrow)
        self._seed = (seed, list(KINDS).index(kind), int(world.side == "held-out"))

    def __getitem__(self, number: int) -> str:
        """Write one document."""
        return self._write(np.random.default_rng((*self._seed, number)))
