"""Shared starts are found, and never cost more tokens than they save."""

from hypothesis import given
from hypothesis import strategies as st

from taskscope.models.prefixes import grow

sequences = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=9).map(tuple), min_size=1, max_size=14)


@given(sequences)
def test_every_sequence_is_a_path_and_sharing_saves_tokens(given_sequences: list[tuple[int, ...]]) -> None:
    forest = grow(given_sequences)
    for sequence, tree, branch in zip(given_sequences, forest.tree, forest.branch, strict=True):
        assert forest.trees[tree].path(branch) == sequence
    assert sum(tree.size for tree in forest.trees) <= sum(len(s) for s in set(given_sequences))


def test_queries_after_the_same_demonstrations_share_them() -> None:
    shared = tuple(range(40))
    forest = grow([(*shared, 90, 91), (*shared, 92), (*shared, 93, 94, 95)])
    [tree] = forest.trees
    assert tree.trunk == shared
    assert tree.size == 40 + 2 + 1 + 3


def test_longer_and_longer_prompts_share_the_longest() -> None:
    whole = tuple(range(30))
    forest = grow([whole[:10], whole[:20], whole])
    [tree] = forest.trees
    assert tree.size == 29 + 3  # each keeps a last token of its own


def test_demonstrations_behind_one_instruction_are_trees_of_their_own() -> None:
    instruction, a, b = tuple(range(20)), tuple(range(100, 115)), tuple(range(200, 215))
    prompts = [(*instruction, *part, query) for part in (a, b) for query in range(300, 304)]
    forest = grow(prompts)
    assert len(forest.trees) == 2
    assert sum(tree.size for tree in forest.trees) == 2 * (35 + 4)


def test_a_short_shared_start_is_not_worth_a_tree() -> None:
    forest = grow([(0, *range(10, 30)), (0, *range(40, 60))])
    assert [tree.size for tree in forest.trees] == [21, 21]


def test_many_sequences_are_grown_quickly_into_bounded_trees() -> None:
    shared = tuple(range(50))
    forest = grow([(*shared, 1000 + i) for i in range(1000)])
    assert max(len(tree.branches) for tree in forest.trees) <= 256
    assert sum(tree.size for tree in forest.trees) == 4 * 50 + 1000
