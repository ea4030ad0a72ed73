"""The parts of a training on a packed corpus, each against something slower or known."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from taskscope.errors import ModelError
from taskscope.training import head_loss as heads
from taskscope.training.head_loss import head_loss, token_losses
from taskscope.training.language_recipes import FAMILY, SMOKE, LanguageRecipe
from taskscope.training.schedules import LOWEST, learning_rate, milestones, sequence_length


def head(n: int, dtype=torch.float32):
    rng = torch.Generator().manual_seed(n)
    hidden = torch.randn(n, 6, generator=rng).to(dtype).requires_grad_()
    weight = torch.randn(11, 6, generator=rng).to(dtype).requires_grad_()
    return hidden, weight, torch.randint(11, (n,), generator=rng)


@pytest.mark.parametrize("n", [1, 7, 8, 9, 30])
def test_the_head_loss_and_its_gradients_are_those_of_cross_entropy(monkeypatch, n):
    """Whatever the number of tokens does to the last piece."""
    monkeypatch.setattr(heads, "ROWS", 8)
    hidden, weight, targets = head(n)
    plain = cross_entropy(hidden @ weight.T, targets)
    wanted = torch.autograd.grad(3 * plain, (hidden, weight))
    ours = head_loss(hidden, weight, targets)
    got = torch.autograd.grad(3 * ours, (hidden, weight))
    torch.testing.assert_close(ours, plain)
    torch.testing.assert_close(got, wanted)
    torch.testing.assert_close(token_losses(hidden, weight, targets).mean(), plain)


def test_the_head_loss_of_half_precision_is_summed_in_single():
    hidden, weight, targets = head(600, torch.bfloat16)
    wanted = cross_entropy((hidden @ weight.T).float(), targets)
    loss = head_loss(hidden, weight, targets)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, wanted, rtol=1e-5, atol=0)


@given(st.integers(2, 500), st.integers(1, 40), st.sampled_from(["cosine", "linear"]))
def test_the_learning_rate_rises_then_never_rises_again(steps, warmup, schedule):
    rates = [learning_rate(2.0, step, steps, warmup, schedule) for step in range(steps)]
    top = min(warmup, steps) - 1
    assert all(a < b for a, b in pairwise(rates[: top + 1]))
    assert all(a >= b for a, b in pairwise(rates[top:]))
    assert max(rates) <= 2.0
    assert min(rates[warmup:], default=2.0) >= 2.0 * LOWEST * (1 - 1e-12)


def test_the_linear_schedule_is_half_way_down_in_the_middle():
    rates = [learning_rate(1.0, step, 1010, 10, "linear") for step in range(1010)]
    assert rates[10 + 500] == pytest.approx((1 + LOWEST) / 2)
    assert rates[-1] == pytest.approx(LOWEST, abs=1e-3)


def test_lengths_change_where_their_phase_begins():
    phases = ((0.0, 128), (0.5, 1024))
    assert [sequence_length(phases, step, 8) for step in range(8)] == [128] * 4 + [1024] * 4


@given(st.integers(1, 5000), st.integers(1, 12), st.floats(0.001, 0.5))
def test_milestones_end_at_the_last_step_and_grow_by_a_constant_factor(steps, n, first):
    found = milestones(steps, n, first)
    assert found[-1] == steps
    assert len(found) <= max(n, 1)
    assert list(found) == sorted(set(found))
    large = [m for m in found if m > 50]
    factors = np.diff(np.log(large))
    if len(factors) > 1:
        assert np.ptp(factors) < 0.05


def test_the_family_is_log_spaced_and_reads_the_same_tokens():
    def blocks(recipe: LanguageRecipe) -> int:
        shape = recipe.shape
        return shape.blocks * (4 * shape.width**2 + 3 * shape.width * shape.inner + 2 * shape.width)

    sizes = np.log10([blocks(recipe) for recipe in FAMILY])
    assert sizes[-1] - sizes[0] >= 1.6
    assert np.ptp(np.diff(sizes)) < 0.15
    first = FAMILY[0]
    for recipe in FAMILY:
        same = ("mixture", "tokens", "tokens_per_step", "lengths", "schedule", "seed")
        assert all(getattr(recipe, key) == getattr(first, key) for key in same)
        assert recipe.shape.blocks >= 6
        assert recipe.shape.width % recipe.shape.heads == 0
        assert len(recipe.milestones) >= 8


@pytest.mark.parametrize(
    "changes", [{"lengths": ((0.0, 100),)}, {"lengths": ((0.1, 128),)}, {"lengths": ()}, {"tokens": 1024}]
)
def test_recipes_that_cannot_be_trained_are_refused(changes):
    with pytest.raises(ModelError, match="whole sequences"):
        LanguageRecipe(**{**SMOKE.model_dump(), **changes})
