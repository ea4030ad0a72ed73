"""Trees of tokens: a trunk and branches that grow from it, laid out for one forward pass.

Layer sweeps, shared demonstrations, dummy queries and candidate continuations are all trees: every branch
attends to the trunk up to where it grows and to itself, and to nothing else (protocol task_vectors 6.3, 6.4,
6.9). A tree is laid out in one row, with a mask and positions that keep its branches apart (`pack`), or,
where a model cannot take such a mask, with one plain right-padded row per branch (`unpack`). Both are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

TRUNK = -1
PAD = -2


@dataclass(frozen=True, slots=True)
class Branch:
    """Tokens that follow the first `at` tokens of a trunk."""

    tokens: tuple[int, ...]
    at: int

    @property
    def end(self) -> int:
        """Length in tokens of the whole path: the trunk's part and the branch's own."""
        return self.at + len(self.tokens)


@dataclass(frozen=True, slots=True)
class Tree:
    """A trunk and its branches.

    A place in a tree is a pair (branch, position), the position counted along the branch's whole path; a
    position below the branch's `at` lies in the trunk.
    """

    trunk: tuple[int, ...]
    branches: tuple[Branch, ...]

    def __post_init__(self) -> None:
        if not self.branches:
            raise ValueError("a tree needs a branch")
        if not all(branch.tokens and 0 <= branch.at <= len(self.trunk) for branch in self.branches):
            raise ValueError("a branch needs a token of its own and grows from inside the trunk")

    @property
    def size(self) -> int:
        """Tokens of the packed row."""
        return len(self.trunk) + sum(len(branch.tokens) for branch in self.branches)

    @property
    def depth(self) -> int:
        """Tokens of the longest path."""
        return max(branch.end for branch in self.branches)

    def path(self, branch: int) -> tuple[int, ...]:
        """Return the tokens that a branch stands for: its part of the trunk, then its own."""
        grown = self.branches[branch]
        return self.trunk[: grown.at] + grown.tokens

    def part(self, start: int, stop: int) -> Tree:
        """Return the tree with branches start:stop only."""
        return Tree(self.trunk, self.branches[start:stop])


@dataclass(frozen=True)
class Layout:
    """Several trees laid out as rows of tokens; branches are numbered through all the trees."""

    ids: Tensor
    """(row, slot) int64, padded on the right."""
    positions: Tensor
    """(row, slot) int64; the model must be given those of a packed row, which it cannot count itself."""
    allowed: Tensor
    """(row, slot) int64, 1 for a token and 0 for padding; or (row, slot, slot) bool, who attends to whom."""
    row: np.ndarray
    """(branch,) the row that holds each branch."""
    at: np.ndarray
    """(branch,) where it grows from the trunk."""
    start: np.ndarray
    """(branch,) slot of its first own token."""

    @property
    def packed(self) -> bool:
        """Whether a row holds several branches."""
        return self.allowed.ndim == 3

    def slots(self, branch: np.ndarray, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (row, slot) of places, each array of shape (place,)."""
        own = position - self.at[branch]
        return self.row[branch], np.where(own < 0, position, self.start[branch] + own)

    def mask(self, dtype: torch.dtype) -> Tensor:
        """Return the attention mask that models take: (row, slot), or additive (row, 1, slot, slot)."""
        if not self.packed:
            return self.allowed
        additive = torch.zeros(self.allowed.shape, dtype=dtype, device=self.allowed.device)
        return additive.masked_fill_(~self.allowed, torch.finfo(dtype).min)[:, None]


def pack(trees: Sequence[Tree], pad: int, device: torch.device | str = "cpu") -> Layout:
    """Lay out each tree in one row: the trunk, then its branches side by side."""
    lengths = [[len(branch.tokens) for branch in tree.branches] for tree in trees]
    width = max(tree.size for tree in trees)
    ids = np.full((len(trees), width), pad, dtype=np.int64)
    positions = np.tile(np.arange(width), (len(trees), 1))
    owner = np.full((len(trees), width), PAD, dtype=np.int64)
    sees = np.zeros((len(trees), width), dtype=np.int64)
    starts, ats = [], []
    for row, tree in enumerate(trees):
        trunk, count = len(tree.trunk), np.array(lengths[row])
        at = np.array([branch.at for branch in tree.branches])
        start = trunk + np.cumsum(count) - count
        own = np.repeat(np.arange(len(count)), count)
        grown = slice(trunk, tree.size)
        ids[row, :trunk] = tree.trunk
        ids[row, grown] = np.concatenate([branch.tokens for branch in tree.branches])
        owner[row, :trunk], owner[row, grown] = TRUNK, own
        sees[row, grown] = at[own]
        positions[row, grown] += (at - start)[own]
        starts.append(start)
        ats.append(at)
    return Layout(
        ids=torch.from_numpy(ids).to(device),
        positions=torch.from_numpy(positions).to(device),
        allowed=_allowed(*(torch.from_numpy(x).to(device) for x in (owner, sees, positions))),
        row=np.repeat(np.arange(len(trees)), [len(count) for count in lengths]),
        at=np.concatenate(ats),
        start=np.concatenate(starts),
    )


def _allowed(owner: Tensor, sees: Tensor, positions: Tensor) -> Tensor:
    """Return (row, query slot, key slot): own branch, and the trunk up to where the branch grows."""
    width = owner.shape[1]
    causal = torch.ones(width, width, dtype=torch.bool, device=owner.device).tril_()
    own = owner[:, :, None] == owner[:, None, :]
    below = (owner == TRUNK)[:, None, :] & (positions[:, None, :] < sees[:, :, None])
    return (own | below) & causal


def unpack(trees: Sequence[Tree], pad: int, device: torch.device | str = "cpu") -> Layout:
    """Lay out each branch in a row of its own, the trunk's part repeated, padded on the right."""
    branches = [branch for tree in trees for branch in tree.branches]
    width = max(branch.end for branch in branches)
    ids = np.full((len(branches), width), pad, dtype=np.int64)
    paths = (tree.path(b) for tree in trees for b in range(len(tree.branches)))
    for row, path in enumerate(paths):
        ids[row, : len(path)] = path
    at = np.array([branch.at for branch in branches])
    ends = np.array([branch.end for branch in branches])
    slots = np.arange(width)
    return Layout(
        ids=torch.from_numpy(ids).to(device),
        positions=torch.from_numpy(np.tile(slots, (len(branches), 1))).to(device),
        allowed=torch.from_numpy((slots < ends[:, None]).astype(np.int64)).to(device),
        row=np.arange(len(branches)),
        at=at,
        start=at,
    )
