"""Batches hold to their limits and cover everything; too little memory changes them, not the numbers."""

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from toys import N_BLOCKS, toy

from taskscope.errors import ModelError
from taskscope.models.batching import Batch, Limits, Route, is_out_of_memory, plan, run_in_batches
from taskscope.models.branching import Branch, Tree
from taskscope.models.guard import live_hooks
from taskscope.models.language_model import LanguageModel
from taskscope.models.work import Edits, Joined, Places, Work

PROMPTS = [
    "corn->",
    "apple->red\nlime->green\nplum->",
    "apple->red\nlime->green\ncorn->",
    "snow and coal and plum and corn->",
    "hot->",
]


def work(first_out: int, trunk: int, lengths: list[int]) -> Work:
    """A tree with one place, and one edit, at the end of every branch."""
    branches = tuple(Branch(tuple(range(n)), trunk) for n in lengths)
    number, ends = np.arange(len(lengths)), np.array([trunk + n - 1 for n in lengths])
    out = first_out + number
    return Work(Tree((7,) * trunk, branches), Places(number, ends, out), Edits(number, ends, number, out))


shapes = st.lists(
    st.tuples(st.integers(0, 12), st.lists(st.integers(1, 6), min_size=1, max_size=8)), min_size=1, max_size=8
)


@given(
    shapes, st.sampled_from(["branches", "rows"]), st.integers(1, 60), st.integers(1, 9), st.integers(1, 30)
)
def test_batches_cover_everything_once_within_the_limits(
    shapes: list[tuple[int, list[int]]], route: Route, tokens: int, places: int, row: int
) -> None:
    works, n = [], 0
    for trunk, lengths in shapes:
        works.append(work(n, trunk, lengths))
        n += len(lengths)
    batches = plan(works, Limits(tokens, places, row), lambda _: route)
    seen = []
    for batch in batches:
        joined = Joined.of(batch.works)
        paths = [w.tree.path(b) for w in batch.works for b in range(w.n_branches)]
        for branch, position, out in zip(*vars(joined.places).values(), strict=True):
            assert len(paths[branch]) == position + 1
            seen.append(int(out))
        assert (joined.edits.vector == joined.places.out).all()
        assert_within(batch, Limits(tokens, places, row))
    assert sorted(seen) == list(range(n))


def assert_within(batch: Batch, limits: Limits) -> None:
    if len(batch.works) == 1 and batch.works[0].n_branches == 1:
        return  # a single branch cannot be cut
    if batch.route == "rows":
        rows = [branch.end for w in batch.works for branch in w.tree.branches]
        assert len(rows) * max(rows) <= limits.tokens
    else:
        sizes = [w.tree.size for w in batch.works]
        trunk = len(batch.works[0].tree.trunk)
        assert len(sizes) * max(sizes) <= max(limits.tokens, 2 * trunk if len(sizes) == 1 else 0)
        assert max(sizes) <= limits.row
    assert sum(len(w.places.out) for w in batch.works) <= limits.places


def measured(model: LanguageModel) -> list[np.ndarray]:
    shape = (len(PROMPTS), N_BLOCKS, model.d_model)
    vectors = {"random": np.random.default_rng(0).normal(size=shape).astype(np.float32)}
    answers = {"gold": [["red"], ["purple"], ["yellow"], ["white"], ["cold"]]}
    swept, answered = model.sweep(PROMPTS, vectors, answers), model.answer(PROMPTS, answers)
    return [
        swept.first_token.astype(float),
        swept.logprob["gold"],
        swept.correct["gold"].astype(float),
        answered.logprob["gold"],
        model.capture(PROMPTS),
        model.capture(PROMPTS, what="heads"),
        model.score([(p, a[0]) for p, a in zip(PROMPTS, answers["gold"], strict=True)]),
    ]


class ShortMemory:
    """A forward pass that fails, as a device does, when it is given more tokens than it can hold."""

    def __init__(self, model: LanguageModel, tokens: int, error: BaseException) -> None:
        self.forward, self.tokens, self.error = model.hf.forward, tokens, error
        self.failures = 0
        model.hf.forward = self

    def __call__(self, input_ids: torch.Tensor, **kwargs: Any) -> Any:
        if input_ids.numel() > self.tokens:
            self.failures += 1
            raise self.error
        return self.forward(input_ids=input_ids, **kwargs)


@pytest.mark.parametrize("route", ["branches", "rows"])
@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    ],
    ids=["cuda", "cpu"],
)
def test_running_out_of_memory_changes_the_batches_and_not_the_numbers(
    route: Route, error: BaseException
) -> None:
    wanted = measured(toy("llama", route))
    model = toy("llama", route, fresh=True)
    memory = ShortMemory(model, 30, error)
    for found, expected in zip(measured(model), wanted, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert 0 < memory.failures < 12
    assert live_hooks(model.hf) == []
    assert model.executor.limits.tokens <= 30 * 2


def test_a_single_prompt_that_does_not_fit_is_an_error_with_its_length() -> None:
    model = toy("llama", fresh=True)
    ShortMemory(model, 3, torch.cuda.OutOfMemoryError("CUDA out of memory."))
    longest = max(len(model.encode(prompt)) for prompt in PROMPTS)
    with pytest.raises(ModelError, match=f"out of memory with a single prompt of {longest} tokens"):
        model.capture(PROMPTS)


def test_other_failures_are_not_taken_for_a_lack_of_memory() -> None:
    model = toy("llama", fresh=True)
    memory = ShortMemory(model, 3, RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        model.capture(PROMPTS)
    assert memory.failures == 1
    assert not is_out_of_memory(ValueError("too long"))


def test_a_trunk_longer_than_the_budget_is_not_encoded_once_per_branch() -> None:
    batches = plan([work(0, 1500, [1] * 96)], Limits(1024, 1 << 20, 2048), lambda _: "branches")
    assert [[w.tree.size for w in batch.works] for batch in batches] == [[1596]]
    batches = plan([work(0, 1500, [1] * 96)], Limits(1024, 1 << 20, 1548), lambda _: "branches")
    assert [[w.tree.size for w in batch.works] for batch in batches] == [[1548], [1548]]


def test_running_out_of_memory_under_a_long_trunk_cuts_between_its_branches() -> None:
    tried, done = [], []

    def run(batch: Batch) -> None:
        tried.append(batch)
        if sum(w.n_branches for w in batch.works) > 3:
            raise MemoryError
        done.extend(int(out) for w in batch.works for out in w.places.out)

    run_in_batches([work(0, 50, [1] * 12)], Limits(4096, 4096, 4096), lambda _: "branches", run)
    assert sorted(done) == list(range(12))
    assert len(tried) < 9


@pytest.mark.parametrize("route", ["branches", "rows"])
@pytest.mark.parametrize("start", [1, 7, 30, 1 << 30])
def test_works_are_cut_by_width_where_it_saves_the_most(route: Route, start: int) -> None:
    widths = [20, 19, 19, 12, 12, 11, 6, 5, 2]
    works = [work(i, width - 1, [1]) for i, width in enumerate(widths)]
    if route == "branches":
        works = [work(2 * i, width - 2, [1, 1]) for i, width in enumerate(widths)]
    batches = plan(works, Limits(1 << 20, 1 << 20, 1 << 20, start), lambda _: route)
    groups = [[w.tree.size for w in batch.works] for batch in batches]
    assert [width for group in groups for width in group] == widths
    found = sum(start + len(group) * group[0] for group in groups)
    cuts = range(1, len(widths))
    every = [
        [widths[a:b] for a, b in pairwise([0, *chosen, len(widths)])]
        for n in range(len(widths))
        for chosen in combinations(cuts, n)
    ]
    assert found == min(sum(start + len(group) * group[0] for group in groups) for groups in every)
    assert len(batches) == (1 if start == 1 << 30 else len(batches)) and (start > 1 or len(batches) > 4)


@pytest.mark.parametrize(("asked", "held"), [(1, 100), (20, 100), (30, 30), (50, 50)])
def test_places_are_lowered_only_where_they_may_have_filled_the_batch(asked: int, held: int) -> None:
    two = [work(0, 500, [1] * asked), work(asked, 500, [1] * asked)]
    places = sum(len(each.places.out) for each in two)
    assert places == 2 * asked
    assert Limits(4096, 100, 4096).below(two, "rows").places == held
