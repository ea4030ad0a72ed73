"""Training attention on in-context linear regression: the network, a miniature, what is written (S6)."""

import json

import numpy as np
import torch
from safetensors.numpy import load_file

from taskscope.studies.kernel_regression.simulated.attention_learner import CARD, PARTS, AttentionLearner
from taskscope.theory import linear_regression as learners
from taskscope.training.in_context_regression import Network, RegressionRecipe, draw, ship, train

SMALL = RegressionRecipe(blocks=1, d=3, shots=6, steps=250, batch=128, rate=1e-2, initial=0.2)


def test_the_network_computes_what_the_study_computes():
    for softmax in (False, True):
        recipe = SMALL.model_copy(update={"blocks": 2, "heads": 2, "softmax": softmax, "initial": 2.0})
        network = Network(recipe)
        inputs, targets = draw(recipe, torch.Generator().manual_seed(0))
        parts = {part: network.get_parameter(part).detach().numpy().astype(float) for part in PARTS}
        ours = AttentionLearner(**parts, softmax=softmax).answer(
            inputs[:, :-1].numpy(), targets[:, :-1].numpy(), inputs[:, -1:].numpy()
        )
        theirs = network(inputs, targets[:, :-1]).detach().numpy()
        np.testing.assert_allclose(ours[:, 0], theirs, rtol=1e-3, atol=1e-4)


def test_targets_are_exact_and_prompts_depend_on_the_seed_alone():
    inputs, targets = draw(SMALL, torch.Generator().manual_seed(3))
    again, _ = draw(SMALL, torch.Generator().manual_seed(3))
    assert torch.equal(inputs, again) and inputs.abs().max() <= 0.5
    weights = torch.linalg.lstsq(inputs, targets[:, :, None]).solution
    assert torch.allclose((inputs @ weights)[:, :, 0], targets, atol=1e-4)


def test_a_miniature_learns_the_best_gradient_step():
    _, losses = train(SMALL)
    best, zero = learners.uniform_loss(3, 6), learners.uniform_zero_loss(3)
    assert abs(losses[0] - zero) < 0.1 * zero
    assert abs(sum(losses[-10:]) / 10 - best) < 0.15 * best


def test_shipping_writes_weights_and_keeps_the_other_entries_of_the_card(tmp_path):
    recipe = SMALL.model_copy(update={"steps": 2})
    for name in ("b", "a"):
        ship(name, recipe, tmp_path)
    card = json.loads((tmp_path / CARD).read_text())
    assert list(card) == ["a", "b"] and card["a"]["steps"] == 2
    first, second = (load_file(tmp_path / f"{name}.safetensors") for name in ("a", "b"))
    assert set(first) == set(PARTS)
    assert all(np.array_equal(first[part], second[part]) for part in PARTS)
