"""Training readers of hidden Markov models: the network, a miniature, what is written (section 8)."""

import json

import numpy as np
import torch

from taskscope.studies.kernel_regression.simulated import markov_learner
from taskscope.studies.kernel_regression.simulated.markov_learner import WORLD, documents
from taskscope.training import in_context_markov
from taskscope.training.in_context_markov import MarkovRecipe, Network, ship, train, world

SMALL = MarkovRecipe(
    world=7, n_tasks=2, n_states=2, n_tokens=4, length=2, examples=6, blocks=2, width=16, heads=2, inner=32
)


def loaded(name, folder, monkeypatch):
    monkeypatch.setattr(markov_learner, "WEIGHTS", folder)
    return markov_learner.load(name)


def test_what_is_shipped_computes_what_was_trained(tmp_path, monkeypatch):
    recipe = SMALL.model_copy(update={"steps": 3})
    ship("one", recipe, tmp_path)
    ours = loaded("one", tmp_path, monkeypatch)
    network, _ = train(recipe)
    _, tokens = documents(ours.world, 4, 6, recipe.length, np.random.default_rng(0))
    with torch.no_grad():
        theirs = network(torch.from_numpy(tokens)).log_softmax(-1).numpy()
    np.testing.assert_allclose(ours.log_law(tokens), theirs, atol=0.02)  # half precision
    for part in WORLD:
        np.testing.assert_array_equal(getattr(ours.world, part), getattr(world(recipe), part))


def test_the_networks_agree_to_rounding(tmp_path, monkeypatch):
    ship("one", SMALL.model_copy(update={"steps": 1}), tmp_path)
    ours = loaded("one", tmp_path, monkeypatch)
    network = Network(SMALL)
    with torch.no_grad():
        network.embedding.copy_(torch.from_numpy(ours.embedding))
        network.reading.copy_(torch.from_numpy(ours.reading))
        for part, weights in ours.inside.items():
            for block, weight in enumerate(weights):
                network.inside[part][block].copy_(torch.from_numpy(weight))
        _, tokens = documents(ours.world, 4, 6, SMALL.length, np.random.default_rng(0))
        theirs = network(torch.from_numpy(tokens)).log_softmax(-1).numpy()
    np.testing.assert_allclose(ours.log_law(tokens), theirs, atol=1e-5)


def test_a_miniature_learns_and_is_trained_alike_again():
    recipe = SMALL.model_copy(update={"steps": 60})
    (network, losses), (again, _) = train(recipe), train(recipe)
    assert losses[-1] < 0.8 * losses[0]
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))


def test_shipping_keeps_the_other_entries_of_the_card(tmp_path):
    for name in ("b", "a"):
        ship(name, SMALL.model_copy(update={"steps": 2}), tmp_path)
    card = json.loads((tmp_path / markov_learner.CARD).read_text())
    assert list(card) == ["a", "b"] and card["a"]["steps"] == 2 and len(card["a"]["losses"]) == 2


def test_what_is_in_the_study_was_trained_as_the_recipes_say():
    for name, entry in markov_learner.card().items():
        recipe = in_context_markov.RECIPES[name].model_dump(mode="json")
        assert recipe.items() <= entry.items()
        assert entry["losses"][-1] < entry["losses"][0]
        kept = markov_learner.load(name)
        assert kept.inside["up"].shape == (recipe["blocks"], recipe["inner"], recipe["width"])
        drawn = world(in_context_markov.RECIPES[name])
        np.testing.assert_allclose(kept.world.transitions, drawn.transitions)
