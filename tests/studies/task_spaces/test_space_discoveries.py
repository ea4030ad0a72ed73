"""Which transfers are claimed of a whole map: on worlds in which it is known which are there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from taskscope.stats.matrices import off_diagonal
from taskscope.studies.task_spaces.calibration import CALIBRATION
from taskscope.studies.task_spaces.discoveries import Q, discoveries, discoveries_table
from taskscope.studies.task_spaces.params import SHUFFLED, TUNED
from taskscope.studies.task_spaces.patterns.findings import patterns
from taskscope.studies.task_spaces.simulation import Scenario
from taskscope.studies.task_spaces.spaces import Space, spaces
from taskscope.studies.task_spaces.study import TASK_SPACES

WORLDS = {world.name: world for world in CALIBRATION.scenarios}
STILL = replace(WORLDS["map of phenomena"], shared=0.0, paired=0.0)
"""Nothing moves anything; one half differs from the other all the same."""
SHARED = replace(WORLDS["map of phenomena"], paired=0.0)
"""Tasks of one phenomenon help each other, and nothing else is there."""
TABLES = 60


def simulated(world: Scenario, seed: int = 0) -> Space:
    [found] = spaces(world.simulate(CALIBRATION.params, np.random.default_rng(seed)))
    return found


def test_where_nothing_is_there_seldom_anything_is_claimed() -> None:
    claimed = 0
    for seed in range(TABLES):
        found = discoveries(simulated(STILL, seed), TUNED)
        assert found is not None
        claimed += bool((found.helps | found.hurts).any())
        # Judged pairs alone take what one tuning did for what tuning does.
        assert (found.by_pairs <= Q).sum() > 50
    assert claimed / TABLES <= Q + 3 * np.sqrt(Q * (1 - Q) / TABLES)


@pytest.mark.parametrize("shared", [0.35, -0.35])
def test_the_share_of_false_claims_holds_and_planted_transfers_are_found(shared: float) -> None:
    false, missed = [], []
    for seed in range(TABLES):
        space = simulated(replace(SHARED, shared=shared), seed)
        found = discoveries(space, TUNED)
        assert found is not None
        there = (space.groups[:, None] == space.groups[None, :]) & off_diagonal(space.n)
        claimed = found.helps | found.hurts
        false.append((claimed & ~there).sum() / max(claimed.sum(), 1))
        missed.append(1 - ((found.helps if shared > 0 else found.hurts) & there).sum() / there.sum())
    assert np.mean(false) <= Q + 3 * np.std(false) / np.sqrt(TABLES)
    assert np.mean(missed) < 0.2


def test_seeds_that_draw_the_same_pairs_are_not_taken_for_more_pairs() -> None:
    space = simulated(SHARED)
    again = {
        (seed, *rest): margins for (_, *rest), margins in space.after[TUNED].items() for seed in range(3)
    }
    first = {(seed, *rest): margins for (_, *rest), margins in space.first.items() for seed in range(3)}
    once, thrice = (
        discoveries(space, TUNED),
        discoveries(replace(space, first=first, after={TUNED: again}), TUNED),
    )
    assert once is not None and thrice is not None
    np.testing.assert_allclose(thrice.effects, once.effects)
    assert abs(int((thrice.by_pairs <= Q).sum()) - int((once.by_pairs <= Q).sum())) <= 5
    # Differences that come three times over bound their own spread better, and nothing else is gained.
    assert abs(int(thrice.helps.sum()) - int(once.helps.sum())) <= 3


def test_the_table_counts_what_is_there_by_phenomenon_beside_exchanged_labels() -> None:
    rows = SHARED.simulate(CALIBRATION.params, np.random.default_rng(0))
    [space] = spaces(rows)
    found, nothing = discoveries(space, TUNED), discoveries(space, SHUFFLED)
    assert found is not None and nothing is not None
    [table] = [
        t for t in TASK_SPACES.tables(rows, [], CALIBRATION.params) if t.title == "Which transfers are there?"
    ]
    told = {row[0]: row for row in table.rows}
    off = off_diagonal(space.n)
    assert told["all"][1] == off.sum()
    assert told["inside phenomena"][1] + told["between phenomena"][1] == off.sum()
    assert told["all"][2].startswith(f"{found.helps.sum()} (")
    assert told["all"][5] == str((nothing.helps | nothing.hurts).sum())
    inside = [row for row in table.rows if row[0].startswith("inside phenomenon ")]
    assert len(inside) == 7 and sum(row[1] for row in inside) == told["inside phenomena"][1]
    judged = {each.inside.name: each.pattern for each in patterns(space, CALIBRATION.params.draws).told}
    for row in inside:
        assert row[6].rpartition(": ")[2] == judged[row[0].removeprefix("inside ")]
    assert f"would claim {(found.by_pairs <= Q).sum()} pairs" in table.note
    [drawn] = [f for f in TASK_SPACES.figures(rows, [], CALIBRATION.params) if f.name.endswith("-map")]
    [cells] = [part for part in drawn.spec["datasets"].values() if len(part) >= space.n**2]
    dots = {(c["y"], c["x"]) for c in cells if c.get("dot")}
    assert len(dots) == (found.helps | found.hurts).sum() and "Dots" in drawn.see


def test_chance_that_whole_rows_share_is_said() -> None:
    space = simulated(SHARED)
    quiet, plain = discoveries(space, TUNED), discoveries_table(patterns(space, 100))
    assert quiet is not None and plain is not None
    assert max(quiet.common) < 0.1 and "more claims may be false" not in plain.note
    rng = np.random.default_rng(0)
    pushed = {(half, task): rng.normal(0, 0.4) for half in (0, 1) for task in space.tasks}
    after = {(s, h, i, j): m + pushed[h, i] for (s, h, i, j), m in space.after[TUNED].items()}
    loud = replace(space, after={**space.after, TUNED: after})
    found, table = discoveries(loud, TUNED), discoveries_table(patterns(loud, 100))
    assert found is not None and table is not None
    assert found.common[0] > 0.5 and "more claims may be false" in table.note


def test_maps_of_too_few_tasks_or_of_gradients_alone_claim_nothing() -> None:
    space = simulated(SHARED)
    few = replace(
        space,
        tasks=space.tasks[:4],
        phenomena=space.phenomena[:4],
        after={TUNED: {k: v for k, v in space.after[TUNED].items() if {*k[2:]} <= {*space.tasks[:4]}}},
    )
    assert discoveries(few, TUNED) is None
    untuned = patterns(replace(space, after={}), 100)
    assert discoveries_table(untuned) is None
