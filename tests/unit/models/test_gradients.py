"""Gradients of margins against finite differences; masks; and changes that leave no trace."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from toys import toy

from taskscope.errors import ModelError, TaintedModelError
from taskscope.models import gradients, scoring
from taskscope.models.deltas import Delta
from taskscope.models.first_order import Step
from taskscope.models.gradients import Mask
from taskscope.models.guard import bit_sum
from taskscope.models.language_model import LanguageModel
from taskscope.models.tuning import Budget, Tuned, tune

PAIRS = [
    ("the small cat sat on the mat", "the small cat slept on the mat"),
    ("Paris is the capital of France", "Rome is the capital of France and Italy"),
    ("the old dog slept", "the old dog slept near the door"),
    ("snow->white coal->black", "snow->black coal->white"),
]
BUDGET = Budget(steps=6, fewest=2, batch=3, rate=5e-3, strength=1e9)


def sums(model: LanguageModel) -> dict[str, int]:
    return {name: bit_sum(p) for name, p in model.hf.named_parameters()}


@pytest.mark.parametrize("route", ["branches", "rows"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox"])
def test_the_gradient_of_the_mean_margin_is_its_finite_difference(family, route) -> None:
    """With the loss -log p this says gD = grad L(good) - grad L(bad) = -grad(mean margin)."""
    model = toy(family, route, fresh=True, dtype="float64")
    pairs = model.contrasts(PAIRS)
    gradient, margins = gradients.margin(model.executor, pairs)
    rng = torch.Generator().manual_seed(1)
    parameters = dict(model.hf.named_parameters())
    along = {n: torch.randn(p.shape, generator=rng, dtype=p.dtype) for n, p in parameters.items()}
    wanted = sum(float((gradient[n] * along[n]).sum()) for n in parameters)
    step, ends = 2e-5, []  # not smaller: norms of some families are computed in float32 whatever the weights
    for sign in (1, -2):
        with torch.no_grad():
            for n, p in parameters.items():
                p.add_(along[n], alpha=sign * step)
        ends.append(gradients.margin(model.executor, pairs)[1].mean())
    np.testing.assert_allclose((ends[0] - ends[1]) / (2 * step), wanted, rtol=1e-3)
    assert np.all(np.isfinite(margins))


def test_the_margin_is_the_difference_of_two_plain_gradients() -> None:
    """What both sentences start with cancels: whole sentences give the same difference."""
    model = toy("gpt2", fresh=True, dtype="float64")
    pairs = model.contrasts(PAIRS)
    together, margins = gradients.margin(model.executor, pairs)
    good, _ = gradients.plain(model.executor, pairs)
    bad, _ = gradients.plain(model.executor, pairs.swapped(np.ones(len(PAIRS), dtype=bool)))
    for name in together:
        torch.testing.assert_close(together[name], good[name] - bad[name], rtol=1e-6, atol=1e-9)
    scores = model.score_contrasts(pairs)
    np.testing.assert_allclose(margins, scores[:, 0] - scores[:, 1], atol=1e-4)


def test_frozen_weights_are_frozen_again() -> None:
    model = toy(fresh=True)
    model.hf.requires_grad_(False)
    gradient, _ = gradients.margin(model.executor, model.contrasts(PAIRS))
    assert not any(p.requires_grad for p in model.hf.parameters())
    assert all(p.grad is None for p in model.hf.parameters())
    assert any(values.abs().sum() > 0 for values in gradient.values())


def test_tied_embeddings_are_counted_once() -> None:
    model = toy("gpt2", fresh=True)
    assert model.hf.lm_head.weight is model.hf.transformer.wte.weight
    gradient, _ = gradients.margin(model.executor, model.contrasts(PAIRS))
    assert sum(v.numel() for v in gradient.values()) == sum(p.numel() for p in model.hf.parameters())
    assert "lm_head.weight" not in gradient


def share(mask: Mask) -> float:
    return sum(int(m.sum()) for m in mask.values()) / sum(m.numel() for m in mask.values())


def test_masks_keep_what_they_say() -> None:
    gradient = {"a": torch.tensor([[3.0, -1.0], [0.0, 2.0]]), "b": torch.tensor([-4.0])}
    mask = gradients.densest(gradient, 0.4)
    assert mask["a"].tolist() == [[True, False], [False, False]] and mask["b"].tolist() == [True]
    assert share(mask) == 0.4
    above = gradients.above(gradient, 1.0)
    assert above["a"].tolist() == [[True, False], [False, True]] and above["b"].tolist() == [True]
    parts = [{"a": torch.tensor(v)} for v in ([1.0, 1.0], [1.1, -1.0], [0.9, 0.5])]
    assert gradients.significant(parts, 3.0)["a"].tolist() == [True, False]
    with pytest.raises(ModelError, match="two parts or more"):
        gradients.significant(parts[:1], 3.0)
    assert share(gradients.everything(gradient)) == 1.0
    scattered = gradients.scattered(above, np.random.default_rng(0))
    assert {n: int(m.sum()) for n, m in scattered.items()} == {n: int(m.sum()) for n, m in above.items()}


def test_ties_do_not_widen_a_mask() -> None:
    assert share(gradients.densest({"a": torch.ones(10)}, 0.3)) == 0.3


@pytest.mark.parametrize("density", [1e-3, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("zeros", [0.0, 0.9])
def test_setting_small_numbers_aside_first_keeps_the_largest(
    density: float, zeros: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gradients, "SAMPLED", 40)
    rng = torch.Generator().manual_seed(0)
    values = torch.randn(1000, generator=rng) * (torch.rand(1000, generator=rng) >= zeros)
    mask = gradients.densest({"a": values}, density)["a"]
    assert int(mask.sum()) == round(1000 * density)
    assert mask.all() or values[mask].abs().min() >= values[~mask].abs().max()


def test_an_uneven_gradient_does_not_hide_its_largest_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradients, "SAMPLED", 10)
    values = torch.ones(100)
    values[::10] = 5.0  # all that the sample sees
    mask = gradients.densest({"a": values}, 0.3)["a"]
    assert int(mask.sum()) == 30 and mask[::10].all()


def tuned(model: LanguageModel, budget: Budget = BUDGET) -> tuple[Mask, Tuned]:
    pairs = model.contrasts(PAIRS)
    gradient, first = gradients.margin(model.executor, pairs)
    mask = gradients.densest(gradient, 0.05)
    rng = np.random.default_rng(0)
    return mask, tune(model.executor, pairs, gradients.margin, mask, budget, first, rng)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_tuning_raises_the_margin_changes_only_the_mask_and_leaves_the_model(family) -> None:
    model = toy(family, fresh=True)
    before, old = sums(model), {n: p.clone() for n, p in model.hf.named_parameters()}
    pairs = model.contrasts(PAIRS)
    first = model.score_contrasts(pairs)
    mask, found = tuned(model)
    assert sums(model) == before
    assert found.steps == BUDGET.steps and found.gained > 0
    with model.edited(found.delta):
        after = model.score_contrasts(pairs)
        for name, parameter in model.hf.named_parameters():
            assert torch.equal(parameter[~mask[name]], old[name][~mask[name]])
    assert (after[:, 0] - after[:, 1]).mean() > (first[:, 0] - first[:, 1]).mean() + 1
    assert sums(model) == before
    np.testing.assert_array_equal(model.score_contrasts(pairs), first)
    assert found.delta.n_changed == sum(int(m.sum()) for m in mask.values())


def test_tuning_stops_when_strong_enough_but_not_before_its_fewest_steps() -> None:
    model = toy(fresh=True)
    assert tuned(model, Budget(steps=50, fewest=3, batch=4, rate=5e-3, strength=0.0))[1].steps == 3
    _, found = tuned(model, Budget(steps=50, fewest=1, batch=4, rate=5e-3, strength=1.0))
    assert 1 < found.steps < 50 and found.gained > 0


def test_a_step_moves_margins_as_its_slopes_say() -> None:
    model = toy("gpt2", fresh=True, dtype="float64")
    pairs = model.contrasts(PAIRS)
    gradient, _ = gradients.margin(model.executor, pairs.some([0, 1]))
    other, before = gradients.margin(model.executor, pairs.some([2, 3]))
    mask = gradients.densest(gradient, 0.05)
    step = Step.of(gradient, mask)
    kept = sum(float((gradient[name][mask[name]] ** 2).sum()) for name in mask)
    assert step.square == pytest.approx(kept) == pytest.approx(step.along(gradient))
    with model.edited(step.delta(1e-5)):
        _, after = gradients.margin(model.executor, pairs.some([2, 3]))
    assert (after.mean() - before.mean()) / 1e-5 == pytest.approx(step.along(other), rel=1e-3)


def test_a_change_is_small_and_says_where_it_is() -> None:
    model = toy(fresh=True)
    mask, found = tuned(model)
    stored = (*found.delta.bitmaps.values(), *found.delta.values.values())
    assert sum(part.nbytes for part in stored) < 0.1 * 4 * sum(p.numel() for p in model.hf.parameters())
    for name in found.delta.values:
        np.testing.assert_array_equal(found.delta.where(name), mask[name].flatten().nonzero()[:, 0].numpy())
    lengths = [np.linalg.norm(values) for values in found.delta.values.values()]
    np.testing.assert_allclose(found.delta.norm, np.linalg.norm(lengths), rtol=1e-5)


def test_weights_are_put_back_after_an_error_too() -> None:
    model = toy(fresh=True)
    before = sums(model)
    _, found = tuned(model)
    with pytest.raises(ZeroDivisionError), model.guard(), model.edited(found.delta):
        assert sums(model) != before
        _ = 1 / 0
    assert sums(model) == before


def test_a_write_by_somebody_else_is_noticed() -> None:
    model = toy(fresh=True)
    mask, found = tuned(model)
    name = next(iter(found.delta.values))
    outside = (~mask[name]).flatten().nonzero()[0]
    with (
        pytest.raises(TaintedModelError, match="not as before"),
        model.edited(found.delta),
        torch.no_grad(),
    ):
        dict(model.hf.named_parameters())[name].view(-1)[outside] += 1


def test_a_change_of_another_model_is_refused() -> None:
    model = toy(fresh=True)
    _, found = tuned(toy("gpt2", fresh=True))
    with pytest.raises(ModelError, match="does not have"), model.edited(found.delta):
        pass
    name, _ = next(iter(model.hf.named_parameters()))
    wrong = Delta.of({name: torch.ones(3, dtype=torch.bool)}, {name: torch.ones(3)})
    with pytest.raises(ModelError, match="of shape"), model.edited(wrong):
        pass


def test_tuning_that_leaves_the_numbers_is_refused_and_leaves_the_model() -> None:
    model = toy(fresh=True)
    before = sums(model)
    with pytest.raises(ModelError, match=r"scores are (nan|inf|-inf)(.|\n)*learning rate below 1e\+30"):
        tuned(model, Budget(steps=4, fewest=4, batch=3, rate=1e30, strength=1e9))
    assert sums(model) == before


def test_half_precision_is_refused() -> None:
    with pytest.raises(ModelError, match="float32"):
        tuned(toy(fresh=True, dtype="bfloat16"))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_slope_of_logits_is_what_a_graph_gives(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "CACHED", 50)  # several rows at a time, and a rest
    torch.manual_seed(0)
    logits = torch.randn(7, 20, dtype=dtype, requires_grad=True)
    targets, weights = torch.randint(0, 20, (7,)), torch.linspace(-1, 1, 7, dtype=torch.float64)
    exact = logits if dtype == torch.float64 else logits.float()
    logprob = exact.log_softmax(-1).gather(1, targets[:, None])[:, 0]
    [wanted] = torch.autograd.grad((logprob * weights.to(logprob)).sum(), [logits])
    slope, told = scoring.slope_of_logits(logits.detach(), targets, weights)
    assert slope.dtype == dtype and told.dtype == exact.dtype
    torch.testing.assert_close(slope, wanted)
    torch.testing.assert_close(told, logprob.detach())
