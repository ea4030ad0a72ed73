"""The tree of effects, the transfers that stand out, and accuracies beside published ones."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import vl_convert

from taskscope.report.chart_data import Axis
from taskscope.report.trees import Arc, Merge, arcs, dendrogram
from taskscope.studies.task_spaces import relations
from taskscope.studies.task_spaces.accuracies import accuracy_table, published
from taskscope.studies.task_spaces.calibration import CALIBRATION
from taskscope.studies.task_spaces.params import TUNED
from taskscope.studies.task_spaces.spaces import Space, spaces

PARAMS = CALIBRATION.params.model_copy(update={"n_eval": 30})
WORLDS = {world.name: world for world in CALIBRATION.scenarios}


def space(name: str) -> Space:
    [found] = spaces(WORLDS[name].simulate(PARAMS, np.random.default_rng(0)))
    return found


def test_profiles_leave_out_the_two_tasks_themselves() -> None:
    effects = np.random.default_rng(0).normal(size=(6, 6))
    found = relations.profiles(effects)
    assert found[4, 1] == pytest.approx(np.corrcoef(effects[4, [0, 2, 3, 5]], effects[1, [0, 2, 3, 5]])[0, 1])
    far = effects + np.diag(np.full(6, 100.0))
    np.testing.assert_allclose(relations.profiles(far), found)


def test_planted_phenomena_stand_together_in_the_tree() -> None:
    world = replace(WORLDS["map of phenomena"], shared=1.5, paired=0.0)
    [found] = spaces(world.simulate(PARAMS, np.random.default_rng(0)))
    leaves = relations.tree(found).spec["layer"][0]["encoding"]["y"]["axis"]["labelExpr"]
    phenomena = [name.split(":")[0] for name in json.loads(leaves.removesuffix("[datum.value]"))]
    # Of two tasks alone nothing is left once their own columns are taken out.
    for large in {name for name in phenomena if phenomena.count(name) > 2}:
        rows = [row for row, name in enumerate(phenomena) if name == large]
        assert rows[-1] - rows[0] == len(rows) - 1


def test_transfers_are_drawn_where_they_are_planted_and_nowhere_else() -> None:
    world = replace(WORLDS["map of phenomena"], shared=1.5, paired=0.0)
    [found] = spaces(world.simulate(PARAMS, np.random.default_rng(0)))
    phenomenon = dict(zip(found.tasks, found.phenomena, strict=True))
    certain = relations.strong(found)
    assert all(phenomenon[each.tuned] == phenomenon[each.judged] for each in certain)
    assert len(certain) == sum(
        phenomenon[a] == phenomenon[b] for a in found.tasks for b in found.tasks if a != b
    )
    effects = found.effects(TUNED).mean(axis=0)
    for each in certain:
        assert each.effect == pytest.approx(
            effects[found.tasks.index(each.tuned), found.tasks.index(each.judged)]
        )
    figure = relations.transfers(found)
    assert figure is not None and f"{len(certain)} help, 0 hurt" in figure.see
    still = replace(WORLDS["map of phenomena"], shared=0.0, paired=0.0)
    [nothing] = spaces(still.simulate(PARAMS, np.random.default_rng(0)))
    assert relations.strong(nothing) == [] and relations.transfers(nothing) is None
    hurting = replace(WORLDS["map of phenomena"], shared=-1.5, paired=0.0)
    [opposed] = spaces(hurting.simulate(PARAMS, np.random.default_rng(0)))
    figure = relations.transfers(opposed)
    assert figure is not None and f"0 help, {len(certain)} hurt" in figure.see


def test_transfers_that_one_half_denies_are_left_out() -> None:
    """In one half all pairs gain a lot, in the other all lose a little: the interval alone excludes 0."""
    found = space("map of phenomena")
    tuned, judged = found.tasks[:2]
    split = {**found.after[TUNED]}
    for seed, half, *names in list(split):
        if names == [tuned, judged]:
            split[seed, half, tuned, judged] = found.first[seed, half, judged] + (4.0 if half else -0.1)
    apart = replace(found, after={TUNED: split})
    gains = apart.gains(TUNED, tuned, judged)
    assert gains.mean() > 5 * gains.std() / np.sqrt(len(gains))
    assert (tuned, judged) not in {(each.tuned, each.judged) for each in relations.strong(apart)}


def test_a_pair_that_two_seeds_draw_is_counted_once() -> None:
    found = space("map of phenomena")
    again = {(1, half, task): margins + 1e-6 for (_, half, task), margins in found.first.items()}
    more = {(2, 0, found.tasks[0]): np.array([100.0, 101.0])}
    both = replace(found, first={**found.first, **again, **more})
    assert both.judged.tolist() == [found.judged[0] + 2, *found.judged[1:]]
    assert found.judged.tolist() == [2 * PARAMS.n_eval] * found.n


def test_noisy_transfers_are_left_out() -> None:
    """The mean is large, but so is its error: two pairs of one half."""
    found = space("map of phenomena")
    key = next(k for k in found.after[TUNED] if k[2] != k[3])
    loud = {**found.after[TUNED]}
    for seed, half, tuned, judged in [k for k in loud if k[2:] == key[2:]]:
        first = found.first[seed, half, judged]
        loud[seed, half, tuned, judged] = first + np.where(np.arange(len(first)) == 0, 40.0, 0.0)
    noisy = replace(found, after={TUNED: loud})
    assert noisy.gains(TUNED, *key[2:]).mean() / noisy.widths[found.tasks.index(key[3])] > 1
    assert not [each for each in relations.strong(noisy) if (each.tuned, each.judged) == key[2:]]


def test_charts_of_rows_can_be_drawn() -> None:
    tree = dendrogram(['a "quoted"', "b"], [Merge((0, 1), (0, 0), 0.4)], Axis("at", "distance"))
    assert '"quoted"' in vl_convert.vegalite_to_svg(tree).replace("&quot;", '"')
    arc = [Arc("a", "b", "helps", 1.0), Arc("b", "a", "hurts", -1.0)]
    drawn = vl_convert.vegalite_to_svg(arcs(["a", "b"], arc, Axis("v", "change"), ("helps", "hurts")))
    assert "helps" in drawn and "hurts" in drawn
    with pytest.raises(ValueError, match="no row"):
        arcs(["a"], arc, Axis("v", "change"), ("helps", "hurts"))


def test_published_accuracies_are_shown_for_the_models_they_are_of() -> None:
    found = space("map of phenomena")
    known = published()
    assert sum(map(len, known["paradigms"].values())) == 67
    for theirs in known["models"].values():
        counts = [len(tasks) for tasks in known["paradigms"].values()]
        cells = [theirs[name] for name in known["paradigms"]]
        assert np.average(cells, weights=counts) == pytest.approx(theirs["all"], abs=0.15)
    pair = known["paradigms"]["A-AGR"]
    theirs = dict(zip(found.tasks, [*pair, *found.tasks[2:]], strict=True))
    renamed = replace(
        found,
        model="pythia-70m-v0",
        weights=f"EleutherAI/pythia-70m-v0@{'0a' * 20}",
        tasks=tuple(theirs.values()),
        first={(s, h, theirs[t]): m for (s, h, t), m in found.first.items()},
    )
    table = accuracy_table(renamed)
    assert table is not None
    [row] = table.rows
    assert row[0] == "A-AGR" and row[4] == "97.4 %" and row[2] == 2 * 2 * PARAMS.n_eval
    assert accuracy_table(replace(renamed, tasks=found.tasks, first=found.first)) is None
    large = replace(renamed, model="gpt2-large", weights=f"openai-community/gpt2-large@{'0' * 40}")
    assert accuracy_table(large) is not None


@pytest.mark.parametrize(
    ("model", "weights"),
    [
        ("pythia-70m", f"EleutherAI/pythia-70m@{'0' * 40}"),
        ("pythia-70m-v0@step1000", f"EleutherAI/pythia-70m-v0@{'0' * 40}"),
        ("gpt2-large", f"anyone/gpt2-large@{'0' * 40}"),
        ("gpt2-large", f"gpt2-large@sha256:{'0' * 40}"),
        ("gpt2-large", ""),
    ],
)
def test_other_weights_of_a_published_name_are_not_shown_beside_it(model: str, weights: str) -> None:
    found = space("map of phenomena")
    pair = published()["paradigms"]["A-AGR"]
    theirs = dict(zip(found.tasks, [*pair, *found.tasks[2:]], strict=True))
    named = replace(
        found,
        model=model,
        weights=weights,
        tasks=tuple(theirs.values()),
        first={(s, h, theirs[t]): m for (s, h, t), m in found.first.items()},
    )
    assert accuracy_table(named) is None
