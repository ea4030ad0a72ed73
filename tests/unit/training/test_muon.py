"""The optimiser of the blocks' matrices: what it promises, and the library's version in half precision."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from taskscope.training.muon import Muon, orthogonalised


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(1e-3, 1e3), st.integers(0, 999))
def test_an_orthogonalised_matrix_moves_every_direction_about_equally(rows, columns, scale, seed):
    matrix = scale * torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    values, kept = torch.linalg.svdvals(matrix), torch.linalg.svdvals(orthogonalised(matrix))
    large = values > 0.05 * values.norm()  # five steps lift what is not tiny
    assert (kept[large] > 0.5).all()
    assert (kept < 1.3).all()


def test_directions_stay_as_they_were():
    matrix = torch.randn(12, 30, generator=torch.Generator().manual_seed(0))
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    turned = left.T @ orthogonalised(matrix) @ right.T
    assert (turned - torch.diag(turned.diagonal())).abs().max() < 1e-4


@pytest.mark.parametrize("shape", [(24, 16), (16, 24), (16, 16)])
def test_steps_are_those_of_the_library_up_to_half_precision(shape):
    generator = torch.Generator().manual_seed(1)
    start = torch.randn(shape, generator=generator)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    one = Muon([ours], lr=0.02, weight_decay=0.1)
    other = torch.optim.Muon([theirs], lr=0.02, weight_decay=0.1, adjust_lr_fn="original")
    for _ in range(5):
        ours.grad = torch.randn(shape, generator=generator)
        theirs.grad = ours.grad.clone()
        one.step()
        other.step()
    moved = (theirs - start).norm()
    assert (ours - theirs).norm() < 0.02 * moved


def test_momentum_is_part_of_the_state():
    generator = torch.Generator().manual_seed(2)
    gradients = torch.randn(4, 6, 5, generator=generator)
    whole, first, second = (torch.nn.Parameter(torch.ones(6, 5)) for _ in range(3))

    def run(parameter, optimiser, part):
        for gradient in part:
            parameter.grad = gradient.clone()
            optimiser.step()

    run(whole, Muon([whole], lr=0.1), gradients)
    before = Muon([first], lr=0.1)
    run(first, before, gradients[:2])
    after = Muon([second], lr=0.1)
    after.load_state_dict(before.state_dict())
    with torch.no_grad():
        second.copy_(first)
    run(second, after, gradients[2:])
    assert torch.equal(second, whole)
