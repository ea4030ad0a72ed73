"""Verdicts, figures and tables on rows of worlds whose map is planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from taskscope.report.findings import Finding, Verdict
from taskscope.studies.task_spaces import analysis
from taskscope.studies.task_spaces.calibration import CALIBRATION
from taskscope.studies.task_spaces.kinds import pattern
from taskscope.studies.task_spaces.params import PLAIN, SCATTERED, SHUFFLED, TUNED
from taskscope.studies.task_spaces.rows import TRANSFER
from taskscope.studies.task_spaces.spaces import spaces
from taskscope.studies.task_spaces.statistics import common_mode
from taskscope.studies.task_spaces.study import TASK_SPACES
from taskscope.studies.task_spaces.tables import published
from taskscope.tasks.pair_files import UNGROUPED

PARAMS = CALIBRATION.params
WORLDS = {world.name: world for world in CALIBRATION.scenarios}


def rows(name: str, number: int = 0) -> pa.Table:
    return WORLDS[name].simulate(PARAMS, np.random.default_rng(number))


def judged(table: pa.Table) -> dict[str, Finding]:
    return {finding.claim: finding for finding in TASK_SPACES.analyse(table, PARAMS)}


def test_a_map_of_phenomena_supports_every_claim_that_is_measured() -> None:
    found = judged(rows("map of phenomena"))
    assert {claim: found[claim].verdict for claim in "12346"} == dict.fromkeys("12346", Verdict.SUPPORTED)
    assert found["7"].verdict == Verdict.INCONCLUSIVE, "phenomena are alike inside, and no pattern else"
    for finding in found.values():
        assert finding.interval.low < finding.estimate < finding.interval.high
        assert finding.strongest in {control.name for control in finding.controls}


def test_words_alone_are_no_map_of_phenomena() -> None:
    found = judged(rows("words alone"))
    assert found["6"].verdict == found["4"].verdict == Verdict.INCONCLUSIVE
    assert "may tell transfer as well" in found["4"].reason


def test_opposites_are_contradicted() -> None:
    found = judged(rows("opposed"))
    assert found["4"].verdict == found["6"].verdict == Verdict.CONTRADICTED
    assert judged(rows("contained"))["2"].verdict == Verdict.CONTRADICTED


def test_without_plain_training_nothing_is_said_of_it() -> None:
    table = rows("map of phenomena")
    bare = table.filter(pc.invert(pc.equal(table["condition"].cast(pa.string()), PLAIN)))
    found = judged(bare)["2"]
    assert found.verdict == Verdict.INCONCLUSIVE and "not measured" in found.reason


def test_the_planted_effects_are_read_back() -> None:
    [space] = spaces(rows("map of phenomena"))
    effects = space.effects(TUNED).mean(axis=0)
    np.testing.assert_allclose(np.diag(effects).mean(), 1.5, atol=0.1)
    assert space.n == 19 and len(set(space.phenomena)) == 7
    assert list(space.phenomena) == sorted(space.phenomena)
    assert abs(space.headroom(TUNED)).max() <= 1


def test_without_controls_or_with_few_tasks_nothing_is_judged() -> None:
    table = rows("map of phenomena")
    bare = table.filter(pc.invert(pc.equal(table["condition"].cast(pa.string()), SHUFFLED)))
    assert judged(bare)["1"].verdict == Verdict.INCONCLUSIVE
    only = pa.array(["", *(f"task-{i:02d}" for i in range(5))])
    among = [pc.is_in(table[name].cast(pa.string()), only) for name in ("judged", "tuned")]
    few = table.filter(pc.and_(*among))
    found = judged(few)
    assert {finding.verdict for finding in found.values()} == {Verdict.INCONCLUSIVE}
    assert "Only 5 tasks" in found["1"].reason


def test_the_map_is_the_main_figure_and_phenomena_have_borders() -> None:
    table = rows("map of phenomena")
    findings = TASK_SPACES.analyse(table, PARAMS)
    drawn = TASK_SPACES.figures(table, findings, PARAMS)
    assert [figure.name.rsplit("-", 1)[1] for figure in drawn] == [
        "map",
        "neighbours",
        "tree",
        "transfers",
        "controls",
    ]
    assert [figure.main for figure in drawn] == [True, *[False] * 4]
    values = next(iter(drawn[0].spec["datasets"].values()))
    assert sum(row["kind"] == "data" for row in values) == 19 * 19
    assert sum(row["kind"] == "border-x" for row in values) == 6


def test_common_mode_is_all_of_a_map_of_rows_and_columns_and_what_chance_gives_of_noise() -> None:
    rng = np.random.default_rng(0)
    drift, noise = rng.normal(size=(19, 1)) + rng.normal(size=(1, 19)), rng.normal(size=(200, 19, 19))
    assert common_mode(drift) == pytest.approx(1)
    assert np.mean([common_mode(each) for each in noise]) == pytest.approx(36 / 341, abs=0.01)
    assert np.isnan(common_mode(np.ones((19, 19))))
    assert common_mode(drift + np.diag(np.full(19, 50.0))) == pytest.approx(1), "the diagonal is not in it"


def test_tables_tell_every_task_and_the_published_numbers() -> None:
    tables = TASK_SPACES.tables(rows("map of phenomena"), [], PARAMS)
    assert [len(table.rows) for table in tables] == [7, 19, 4, 0, 7, 7, 4, 4, 7, 10], (
        "no pairs without a word"
    )
    assert tables[7].title == "What do tasks share before any tuning?"
    assert tables[8].title == "Patterns inside phenomena"
    assert published()["within"]["IRR-F"][2] == [-0.97, 0.05]


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ([0.5, 0.4, 0.6, 0.1], "A: alike"),
        ([1.0, -1.0, 0.9, -0.8], "B: partly opposed"),
        ([0.0, 0.1, -0.1, 0.05], "C: unrelated"),
        ([-0.9, -1.0], "N: opposed"),
        ([0.25, 0.25, 0.26], "mixed"),
    ],
)
def test_patterns(cells, wanted) -> None:
    assert pattern(np.array(cells)) == wanted


def test_opposite_labels_give_the_published_numbers_of_questions() -> None:
    """Five tasks of one label and two of the other: mean 0.048, standard deviation 0.999 (protocol 2.5)."""
    label = np.array([1] * 5 + [-1] * 2)
    cells = np.outer(label, label)[~np.eye(7, dtype=bool)]
    assert cells.mean() == pytest.approx(0.048, abs=1e-3) and cells.std() == pytest.approx(0.999, abs=1e-3)
    assert published()["within"]["FG-DEP"][2][0] == pytest.approx(cells.mean(), abs=5e-3)
    assert pattern(cells) == "B: partly opposed"


def test_rows_of_no_tuning_give_no_space() -> None:
    table = rows("map of phenomena")
    assert analysis.analyse(table.filter(pc.equal(table["part"].cast(pa.string()), "score")), PARAMS) == []


def test_a_seed_whose_probe_failed_is_left_out() -> None:
    table = rows("map of phenomena")
    [whole] = spaces(table)
    later = table.filter(pc.equal(table["part"].cast(pa.string()), TRANSFER))
    other = later.set_column(
        later.column_names.index("seed"), "seed", pa.repeat(pa.scalar(1, later["seed"].type), len(later))
    )
    [space] = spaces(pa.concat_tables([table, other]))
    np.testing.assert_array_equal(space.effects(TUNED), whole.effects(TUNED))


def test_gradient_differences_are_judged_against_both_other_ways_of_tuning() -> None:
    table = rows("map of phenomena")
    bare = table.filter(pc.invert(pc.equal(table["condition"].cast(pa.string()), SCATTERED)))
    found = judged(bare)["3"]
    assert found.verdict == Verdict.INCONCLUSIVE and "weights drawn at random" in found.reason


def test_tasks_of_no_phenomenon_are_in_none_together() -> None:
    [space] = spaces(rows("map of phenomena"))
    loose = replace(space, phenomena=(UNGROUPED, UNGROUPED, *space.phenomena[2:]))
    assert len(set(loose.groups[:2])) == 2


def test_a_task_tuned_alone_moves_no_other() -> None:
    table = rows("map of phenomena")
    parts = table["part"].cast(pa.string())
    [first, *_] = sorted({name for name in table["tuned"].to_pylist() if name})
    alone = table.filter(
        pc.or_(pc.not_equal(parts, TRANSFER), pc.equal(table["tuned"].cast(pa.string()), first))
    )
    found = {
        each.name: each for each in TASK_SPACES.tables(alone, TASK_SPACES.analyse(alone, PARAMS), PARAMS)
    }
    [told] = next(each.rows for name, each in found.items() if name.endswith("-tasks"))
    assert told[4:6] == ("–", "–")
