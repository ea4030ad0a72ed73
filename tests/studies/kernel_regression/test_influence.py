"""Label influence and ablation: planted kernels, mere recency, matched sets, and many sets in one pass."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import taskscope
from taskscope.errors import TaskscopeError
from taskscope.models.head_sets import HeadSet
from taskscope.studies.kernel_regression.influence.figures import figures
from taskscope.studies.kernel_regression.influence.findings import Influence, influences
from taskscope.studies.kernel_regression.influence.rows import (
    MEAN,
    NOTHING,
    SAME_BLOCKS,
    SAME_MASS,
    TOP,
    ZERO,
    ablation_rows,
    influence_rows,
)
from taskscope.studies.kernel_regression.influence.sets import matched_by_mass, matched_in_blocks
from taskscope.studies.kernel_regression.influence.tables import tables

N, K, BLOCKS, HEADS, CHOSEN = 40, 8, (3, 5), 3, 4


def world(recency: bool, needed: float = 0.4, moves: float = 1.0, seeds: int = 1) -> Influence:
    """Head 4 votes: exactly, or only because weight and influence both grow towards the query."""
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.ones(K), size=(N, len(BLOCKS) * HEADS))
    own = weights[:, CHOSEN]
    moved = 2 * own
    if recency:
        profile = np.arange(1, K + 1) / K
        noisy = profile * np.exp(0.3 * rng.normal(size=(N, K)))
        weights[:, CHOSEN] = noisy / noisy.sum(axis=1, keepdims=True)
        moved = profile * np.exp(0.3 * rng.normal(size=(N, K)))
    moved = moves * moved
    parts = [influence_rows(np.arange(N), BLOCKS, CHOSEN, weights, 3 * moved, moved)]
    gold = rng.integers(2, size=N)
    accuracy = {NOTHING: 0.9, TOP: 0.9 - needed, SAME_BLOCKS: 0.85, SAME_MASS: 0.85}
    for name, share in accuracy.items():
        for by in (ZERO, MEAN) if name != NOTHING else (ZERO,):
            for number in range(2 if name == SAME_BLOCKS else 1):
                right = np.arange(N) < share * N
                answer = np.where(right, gold, 1 - gold)
                kind = (name, by, number, 0 if name == NOTHING else 1)
                parts.append(ablation_rows(kind, np.arange(N), gold, np.log(np.eye(2)[answer] * 0.8 + 0.1)))
    rows = pa.concat_tables(parts, promote_options="default")
    for name, value in (("task", "t"), ("model", "planted")):
        rows = rows.add_column(0, name, pa.array([value] * rows.num_rows))
    rows = pa.concat_tables(
        rows.add_column(0, "seed", pa.array([seed] * rows.num_rows)) for seed in range(seeds)
    )
    (found,) = influences(rows, 500)
    return found


@pytest.fixture(scope="module")
def exact() -> Influence:
    return world(recency=False)


def test_an_exact_voter_foretells_everything(exact: Influence) -> None:
    assert exact.sites[exact.chosen] == (5, 1)
    assert exact.head.correlation.value == pytest.approx(1, abs=1e-6)
    assert exact.head.slope.value == pytest.approx(1, abs=1e-6)
    assert exact.head.worth.value == pytest.approx(3, abs=1e-6)
    assert exact.head.auc.value == pytest.approx(1)
    others = np.delete(exact.by_head.value, CHOSEN)
    assert np.abs(others).max() < exact.chance
    assert exact.same_block is not None and abs(exact.same_block.value) < 0.2
    assert exact.permuted.correlation.low < 0.2 and 0.3 < exact.permuted.auc.value < 0.7
    assert exact.beyond_position.low > 0.95 and exact.by_position.correlation.value < 0.3


def test_a_text_that_two_seeds_ask_about_is_one_unit() -> None:
    once, twice = world(recency=True), world(recency=True, seeds=2)
    assert once.n_questions == twice.n_questions == N
    for read in (lambda f: f.head.correlation, lambda f: f.intact):
        one, two = read(once), read(twice)
        assert two.value == pytest.approx(one.value)
        assert two.high - two.low == pytest.approx(one.high - one.low, rel=0.25)


def test_recency_is_not_taken_for_a_kernel() -> None:
    found = world(recency=True)
    assert found.head.correlation.low > 0.6  # what a naive reading would report
    assert found.by_position.correlation.value > 0.6
    assert found.beyond_position.low < 0 < found.beyond_position.high


def test_labels_that_move_nothing_are_foretold_by_nobody() -> None:
    found = world(recency=False, moves=1e-7)
    assert found.head.auc.value == found.by_position.auc.value == 0.5
    assert found.head.correlation.value == 0 and np.isnan(found.by_head.value).all()


def test_losses_are_those_of_the_best_voters_beyond_matched_ones(exact: Influence) -> None:
    assert exact.intact.value == pytest.approx(0.9)
    top = next(one for one in exact.ablations if (one.replaced, one.by) == (TOP, ZERO))
    assert top.lost.value == pytest.approx(0.4) and top.beyond is not None
    assert top.beyond.value == pytest.approx(0.35) and top.beyond.low > 0.1
    assert all(one.beyond is None for one in exact.ablations if one.replaced != TOP)
    idle = world(recency=False, needed=0.05)
    top = next(one for one in idle.ablations if (one.replaced, one.by) == (TOP, ZERO))
    assert top.beyond is not None and top.beyond.low <= 0


def test_page_tells_the_voter_and_its_controls(exact: Influence) -> None:
    heat, losses = figures(exact)
    assert "block 5, head 1" in heat.see and "40 points" in losses.see
    foretold, ablated = tables(exact)
    assert foretold.rows[0][0].startswith("best voter") and len(ablated.rows) == 7


def test_matched_sets_are_other_heads() -> None:
    rng = np.random.default_rng(1)
    top = np.array([4, 5, 0])
    for _ in range(20):
        other = matched_in_blocks(top, 4, 12, rng)
        assert not set(other) & set(top) and len(set(other)) == 3
        assert sorted(other // 4) == sorted(top // 4)
    assert sorted(matched_in_blocks(np.arange(4), 4, 6, rng)) == [4, 5]  # none is left in the block
    mass = np.array([0.5, 0.1, 0.48, 0.9, 0.12])
    assert matched_by_mass(np.array([0, 1]), mass).tolist() == [2, 4]


def test_a_set_replaced_in_one_pass_is_what_hooks_of_ones_own_would_give() -> None:
    model = taskscope.load("pico-xs")
    prompts = [tuple(model.encode(text)) for text in ("red -> blue\ngreen ->", "one two three")]
    rng = np.random.default_rng(2)
    sets = [
        HeadSet((), np.zeros((0, model.head_dim), np.float32)),
        HeadSet(((1, 0), (1, 1), (4, 1)), rng.normal(size=(3, model.head_dim)).astype(np.float32)),
        HeadSet(((5, 0),), np.zeros((1, model.head_dim), np.float32)),
    ]
    found = model.after_replacing(prompts, sets, [5, 9])
    import torch

    for number, tokens in enumerate(prompts):
        for at, one in enumerate(sets):
            hooks = []
            for (block, head), output in zip(one.sites, one.outputs, strict=True):

                def write(_module, args, head=head, output=output):
                    mixed = args[0].clone()
                    width = model.head_dim
                    mixed[0, -1, head * width : (head + 1) * width] = torch.from_numpy(output)
                    return (mixed,)

                hooks.append(model.anatomy.projections[block].register_forward_pre_hook(write))
            with torch.no_grad():
                logits = model.hf(input_ids=torch.tensor([tokens])).logits[0, -1].log_softmax(-1)
            for hook in hooks:
                hook.remove()
            assert found[number, at] == pytest.approx(logits[[5, 9]].numpy(), abs=1e-4)
    assert np.abs(found[:, 1] - found[:, 0]).max() > 1e-3


def test_a_set_must_fit_its_heads() -> None:
    model = taskscope.load("pico-xs")
    twice = HeadSet(((1, 0), (1, 0)), np.zeros((2, model.head_dim), np.float32))
    with pytest.raises(TaskscopeError, match="different heads"):
        model.after_replacing([(1, 2)], [twice], [5])


def test_other_rows_are_left_alone() -> None:
    assert influences(pa.table({"model": ["m"], "task": ["t"]}), 100) == []
