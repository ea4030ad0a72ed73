"""A packed tree, its plain rows and its single paths are the same computation."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import assert_close, plain_logits
from toys import CONTEXT, VOCABULARY, toy

from taskscope.models.branching import Branch, Layout, Tree, pack, unpack

tokens = st.integers(2, VOCABULARY - 1)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    trunk = tuple(draw(st.lists(tokens, max_size=7)))
    branches = []
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(trunk)))
        branches.append(Branch(tuple(draw(st.lists(tokens, min_size=1, max_size=4))), at))
    return Tree(trunk, tuple(branches))


def every_place(forest: list[Tree]) -> tuple[np.ndarray, np.ndarray, list[tuple[int, ...]]]:
    """Every (branch, position) of a forest, and the tokens up to and including each."""
    branch, position, paths = [], [], []
    number = 0
    for tree in forest:
        for b in range(len(tree.branches)):
            path = tree.path(b)
            for p in range(len(path)):
                branch.append(number)
                position.append(p)
                paths.append(path[: p + 1])
            number += 1
    return np.array(branch), np.array(position), paths


@given(st.lists(trees(), min_size=1, max_size=3))
def test_a_packed_place_attends_to_exactly_its_own_path(forest: list[Tree]) -> None:
    layout = pack(forest, pad=0)
    branch, position, paths = every_place(forest)
    for row, slot, path in zip(*layout.slots(branch, position), paths, strict=True):
        keys = torch.nonzero(layout.allowed[row, slot]).ravel()
        seen = sorted(keys.tolist(), key=lambda key: int(layout.positions[row, key]))
        assert tuple(layout.ids[row, seen].tolist()) == path
        assert layout.positions[row, seen].tolist() == list(range(len(path)))


@given(st.lists(trees(), min_size=1, max_size=3))
def test_an_unpacked_place_ends_its_own_path(forest: list[Tree]) -> None:
    layout = unpack(forest, pad=0)
    branch, position, paths = every_place(forest)
    for row, slot, path in zip(*layout.slots(branch, position), paths, strict=True):
        assert tuple(layout.ids[row, : slot + 1].tolist()) == path
        assert layout.allowed[row, : slot + 1].all()
        assert int(layout.positions[row, slot]) == slot
    lengths = [branch.end for tree in forest for branch in tree.branches]
    assert layout.allowed.sum(dim=1).tolist() == lengths


def logits_at(hf: torch.nn.Module, layout: Layout, branch: np.ndarray, position: np.ndarray) -> torch.Tensor:
    with torch.no_grad():
        logits = hf(
            input_ids=layout.ids,
            attention_mask=layout.mask(torch.float32),
            position_ids=layout.positions,
            use_cache=False,
        ).logits
    return logits[layout.slots(branch, position)]


@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox"])
@settings(max_examples=12)
@given(forest=st.lists(trees(), min_size=1, max_size=3))
def test_packed_rows_and_single_prompts_give_the_same_logits(family: str, forest: list[Tree]) -> None:
    hf = toy(family).hf
    branch, position, paths = every_place(forest)
    packed = logits_at(hf, pack(forest, pad=0), branch, position)
    rows = logits_at(hf, unpack(forest, pad=0), branch, position)
    assert_close(packed, rows, rows)
    last = len(paths) - 1
    assert_close(packed[last], plain_logits(hf, paths[last])[-1], rows)


def test_a_branch_needs_tokens_of_its_own_inside_the_trunk() -> None:
    with pytest.raises(ValueError, match="token of its own"):
        Tree((5, 6), (Branch((), 1),))
    with pytest.raises(ValueError, match="inside the trunk"):
        Tree((5, 6), (Branch((7,), 3),))
    with pytest.raises(ValueError, match="needs a branch"):
        Tree((5, 6), ())


def test_a_part_keeps_the_trunk() -> None:
    tree = Tree((5, 6), (Branch((7,), 2), Branch((8, 9), 1), Branch((3,), 0)))
    part = tree.part(1, 3)
    assert [part.path(b) for b in range(2)] == [(5, 8, 9), (3,)]
    assert (tree.size, part.size, part.depth) == (6, 5, 3)
    assert tree.size < CONTEXT
