"""Gradients of tasks compared, against plain formulas; and a model that has learned nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from toys import toy

from taskscope.models import overlap
from taskscope.models.gradients import densest
from taskscope.models.overlap import compare
from taskscope.models.untrained import untrained


@pytest.mark.parametrize("at_a_time", [1 << 20, 3])
def test_likeness_equals_the_plain_formulas(at_a_time: int, monkeypatch) -> None:
    monkeypatch.setattr(overlap, "AT_A_TIME", at_a_time)
    rng = torch.Generator().manual_seed(0)
    tasks = []
    for _ in range(3):
        gradient = {"a": torch.randn(4, 5, generator=rng), "b": torch.randn(7, generator=rng)}
        tasks.append((gradient, densest(gradient, 0.4)))
    found = compare(tasks)
    flat = [torch.cat([g[n].flatten() for n in g]).double() for g, _ in tasks]
    kept = [torch.cat([m[n].flatten() for n in m]) for _, m in tasks]
    for i in range(3):
        for j in range(3):
            a, b = flat[i] * kept[i], flat[j] * kept[j]
            np.testing.assert_allclose(found.cosine[i, j], float(a @ b / a.norm() / b.norm()))
            ours, theirs = tasks[i][1], tasks[j][1]
            chance = sum(float(ours[n].sum()) * float(theirs[n].sum()) / ours[n].numel() for n in "ab")
            total = float(kept[i].sum() + kept[j].sum())
            shared = float((kept[i] & kept[j]).sum())
            wanted = shared / (total - shared) - chance / (total - chance)
            np.testing.assert_allclose(found.overlap[i, j], wanted)


def test_masks_apart_have_nothing_in_common() -> None:
    gradient = {"a": torch.ones(10)}
    masks = [{"a": torch.arange(10) < 5}, {"a": torch.arange(10) >= 5}]
    found = compare([(gradient, mask) for mask in masks])
    assert found.cosine[0, 1] == 0 and found.overlap[0, 1] < 0
    np.testing.assert_allclose(np.diag(found.cosine), 1)


def test_an_untrained_model_has_the_shape_and_none_of_the_weights() -> None:
    model = toy(fresh=True)
    state = torch.random.get_rng_state()
    blank = untrained(model)
    assert torch.equal(torch.random.get_rng_state(), state)
    ours, theirs = (dict(m.hf.named_parameters()) for m in (model, blank))
    assert {n: p.shape for n, p in ours.items()} == {n: p.shape for n, p in theirs.items()}
    assert not any(torch.equal(ours[n], theirs[n]) for n in ours if ours[n].ndim > 1)
    again = dict(untrained(model).hf.named_parameters())
    assert all(torch.equal(again[n], theirs[n]) for n in again)
