"""A unit of work: one tree, the places to look at, and the edits to make on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from taskscope.models.branching import Tree


def _empty() -> np.ndarray:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Places:
    """Where to look: arrays of shape (place,), int64."""

    branch: np.ndarray
    position: np.ndarray
    """Along the branch's whole path."""
    out: np.ndarray
    """Index in the result that this place fills."""

    def of(self, start: int, stop: int) -> Places:
        """Return the places on branches start:stop, renumbered from 0."""
        keep = (self.branch >= start) & (self.branch < stop)
        return Places(self.branch[keep] - start, self.position[keep], self.out[keep])


@dataclass(frozen=True)
class Edits:
    """Where to edit: arrays of shape (edit,), int64; each edit lies on a branch's own tokens."""

    branch: np.ndarray
    position: np.ndarray
    block: np.ndarray
    vector: np.ndarray
    """Index of the vector to write."""
    head: np.ndarray = field(default_factory=_empty)
    """The head whose output is edited; empty where the residual is."""

    @classmethod
    def none(cls) -> Edits:
        """Return no edits."""
        return cls(_empty(), _empty(), _empty(), _empty())

    def of(self, start: int, stop: int) -> Edits:
        """Return the edits on branches start:stop, renumbered from 0."""
        keep = (self.branch >= start) & (self.branch < stop)
        head = self.head[keep] if len(self.head) else self.head
        return Edits(
            self.branch[keep] - start, self.position[keep], self.block[keep], self.vector[keep], head
        )


@dataclass(frozen=True)
class Work:
    """One tree with its places and edits; can be cut between any two branches."""

    tree: Tree
    places: Places
    edits: Edits

    @property
    def n_branches(self) -> int:
        """Number of branches, the parts it can be cut into."""
        return len(self.tree.branches)

    def part(self, start: int, stop: int) -> Work:
        """Return the work on branches start:stop."""
        return Work(self.tree.part(start, stop), self.places.of(start, stop), self.edits.of(start, stop))


@dataclass(frozen=True)
class Joined:
    """The places and edits of several works, with branches numbered through all of them."""

    places: Places
    edits: Edits

    @classmethod
    def of(cls, works: Sequence[Work]) -> Joined:
        """Join works in order, as `pack` and `unpack` number their branches."""
        counts = [work.n_branches for work in works]
        base = np.cumsum(counts) - counts

        def join(part: str, name: str) -> np.ndarray:
            return np.concatenate([getattr(getattr(work, part), name) for work in works])

        def branch(part: str) -> np.ndarray:
            return join(part, "branch") + np.repeat(base, [len(getattr(w, part).branch) for w in works])

        places = Places(branch("places"), join("places", "position"), join("places", "out"))
        edits = Edits(
            branch("edits"),
            join("edits", "position"),
            join("edits", "block"),
            join("edits", "vector"),
            join("edits", "head"),
        )
        return cls(places, edits)


def deal(trees: Sequence[Tree], tree: np.ndarray, places: Places) -> list[Work]:
    """Deal places out to the trees that hold them; the works make no edits.

    Args:
        trees: One per work.
        tree: (place,) index of the tree that holds each place.
        places: The places, branches numbered inside their tree.
    """
    order = np.argsort(tree, kind="stable")
    edges = np.searchsorted(tree[order], np.arange(len(trees) + 1))
    parts = [order[start:stop] for start, stop in pairwise(edges)]
    return [
        Work(t, Places(places.branch[part], places.position[part], places.out[part]), Edits.none())
        for t, part in zip(trees, parts, strict=True)
    ]
