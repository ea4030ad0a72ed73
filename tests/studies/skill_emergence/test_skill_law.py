"""Emergence along the scaling law against the protocol's table (4.2)."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from taskscope.studies.skill_emergence import emergence
from taskscope.studies.skill_emergence.emergence import ADVERSARIAL, LINEAR, MEDIATED, MODES, RANDOM, ROOT
from taskscope.studies.skill_emergence.graphs import draw, worst_texts
from taskscope.studies.skill_emergence.params import EmergenceParams
from taskscope.theory.scaling_laws.published import PUBLISHED
from taskscope.theory.skill_graph import tuples

HOFFMANN = PUBLISHED["hoffmann"].law
TABLE = {  # by log10 of the tokens: theta, then t = 1, 2, 4, 8 at random, adversarial, guaranteed
    9: (0.2021, (0.778, 0.614, 0.386, 0.153), (0.578, 0.449, 0.240, 0.078), (0.436, 0.011, 0, 0)),
    10: (0.1000, (0.885, 0.791, 0.635, 0.411), (0.770, 0.682, 0.511, 0.302), (0.693, 0.440, 0.019, 0)),
    11: (0.0497, (0.940, 0.889, 0.798, 0.645), (0.868, 0.817, 0.706, 0.544), (0.836, 0.695, 0.443, 0.023)),
    12: (0.0248, (0.967, 0.940, 0.890, 0.799), (0.931, 0.901, 0.838, 0.737), (0.913, 0.836, 0.695, 0.444)),
    13: (0.0125, (0.982, 0.967, 0.940, 0.890), (0.962, 0.945, 0.911, 0.852), (0.954, 0.913, 0.836, 0.694)),
    14: (0.0063, (0.990, 0.982, 0.967, 0.940), (0.980, 0.970, 0.952, 0.920), (0.976, 0.954, 0.912, 0.835)),
}
MEDIATED_TABLE = [  # the noise of a text's own difficulty is not printed, so these are met roughly
    (0.699, 0.489, 0.233, 0.048),
    (0.843, 0.719, 0.516, 0.256),
    (0.917, 0.847, 0.726, 0.528),
    (0.956, 0.919, 0.848, 0.729),
    (0.976, 0.958, 0.921, 0.851),
    (0.987, 0.976, 0.958, 0.919),
]
SIZES = (1, 2, 4, 8)


@pytest.fixture(scope="module")
def measured() -> dict[str, np.ndarray]:
    """Competence by mode, (token, size)."""
    params = EmergenceParams()
    rng = np.random.default_rng(0)
    one = emergence.world(params, rng)
    sets = [rng.integers(params.n_skills, size=(params.n_tuples, t)) for t in SIZES]
    return {
        mode: np.array(
            [
                [emergence.worst_tuples(c, each, params.alpha) for each in sets]
                for theta in emergence.thetas(HOFFMANN, LINEAR)
                for c in [emergence.competences(one, mode, theta)]
            ]
        )
        for mode in MODES
    }


def test_failures_shrink_as_in_the_protocol():
    np.testing.assert_allclose(
        emergence.thetas(HOFFMANN, LINEAR), [row[0] for row in TABLE.values()], atol=6e-5
    )
    by_root = emergence.thetas(HOFFMANN, ROOT)
    assert by_root[1] == pytest.approx(0.1)
    np.testing.assert_allclose(by_root**2 / 0.01, emergence.thetas(HOFFMANN, LINEAR) / 0.1)


def test_competence_comes_out_as_in_the_protocol(measured):
    np.testing.assert_allclose(measured[RANDOM], [row[1] for row in TABLE.values()], atol=0.006)
    np.testing.assert_allclose(measured[ADVERSARIAL], [row[2] for row in TABLE.values()], atol=0.006)
    np.testing.assert_allclose(measured[MEDIATED], MEDIATED_TABLE, atol=0.06)


def test_whatever_fails_the_guarantee_holds(measured):
    thetas = emergence.thetas(HOFFMANN, LINEAR)
    sure = np.stack([tuples.tensor(0.2, thetas, 8, t) for t in SIZES], axis=1)
    np.testing.assert_allclose(sure, [row[3] for row in TABLE.values()], atol=0.0011)
    for mode in MODES:
        assert (measured[mode] > sure - 1e-3).all()
        assert (np.diff(measured[mode], axis=0) > 0).all()


def test_the_diagonal_stays_where_it_is():
    """Ten times the tokens, twice the skills: the guarantee moves by the 1.99 to 2.02 of the law alone."""
    thetas = emergence.thetas(HOFFMANN, LINEAR)
    along = [float(tuples.tensor(0.2, thetas[1 + n], 8, 2**n)) for n in range(4)]
    np.testing.assert_allclose(along, [0.693, 0.695, 0.695, 0.694], atol=6e-4)


def test_composites_are_judged_by_the_product_and_pairs_of_one_text_are_another_thing():
    """N2 = 60, k = 8 distinct skills, theta = .05, an adversary against a fifth of the skills (4.2)."""
    rng = np.random.default_rng(1)
    skills = draw(400_000, 60, 8, rng, distinct=True)
    order = worst_texts(skills, 60, np.arange(12), 400_000, rng)
    one = emergence.World(skills, 60, {ADVERSARIAL: order})
    competence = emergence.competences(one, ADVERSARIAL, 0.05)
    pairs = rng.integers(60, size=(40_000, 2))
    assert emergence.worst_tuples(competence, np.empty((0, 1), int), 0.2) == pytest.approx(0.8751, abs=0.003)
    composite = emergence.worst_tuples(competence, pairs, 0.2)
    assert composite == pytest.approx(0.8318, abs=0.004)
    assert composite > float(tuples.naive(0.2, 0.05, 8, 2)) > float(tuples.tensor(0.2, 0.05, 8, 2))
    uses = np.zeros((len(skills), 60), bool)
    np.put_along_axis(uses, skills, True, axis=1)
    failed = np.zeros(len(one.skills), bool)
    failed[one.order[ADVERSARIAL][: round(0.05 * len(failed))]] = True
    inside, all_pairs = [], []
    for first, second in combinations(range(60), 2):
        both = uses[:, first] & uses[:, second]
        all_pairs.append(1 - failed[both].mean())
        if second < 12:  # both in the adversary's set
            inside.append(all_pairs[-1])
    assert np.mean(inside) == pytest.approx(0.7062, abs=0.005)
    worst = np.sort(all_pairs)[: round(0.2 * len(all_pairs))]
    assert worst.mean() == pytest.approx(0.8729, abs=0.01)
    assert worst.mean() > float(tuples.naive(0.2, 0.05, 8, 2))
