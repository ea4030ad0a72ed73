"""Where a task lives: shares by block and module, and what parts of its change do."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from taskscope.models.gradients import margin
from taskscope.models.guard import bit_sum
from taskscope.models.identity import identify, reference
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.studies.base import PlannedModel
from taskscope.studies.task_spaces import measure
from taskscope.studies.task_spaces.calibration import CALIBRATION
from taskscope.studies.task_spaces.choosing import halves
from taskscope.studies.task_spaces.lives import showing
from taskscope.studies.task_spaces.lives.found import Lives, lives, told
from taskscope.studies.task_spaces.lives.measure import lives as measured
from taskscope.studies.task_spaces.lives.rows import HEAD, LIVES, NEURON, SCHEMA, UNITS
from taskscope.studies.task_spaces.lives.spread import spreads
from taskscope.studies.task_spaces.lives.units import gini, half_held
from taskscope.studies.task_spaces.params import TUNED, TaskSpaceParams
from taskscope.studies.task_spaces.simulation import with_front
from taskscope.studies.task_spaces.spaces import spaces
from taskscope.studies.task_spaces.study import TASK_SPACES
from taskscope.tasks import pair_registry

TASK = "what-with-gap"
PARAMS = TaskSpaceParams(
    tasks=(TASK, "verb-of-subject"), n_train=4, n_eval=3, steps=3, fewest_steps=2, batch=3, lives=True
)
BLOCKS = 6


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load(ModelSpec(name="pico-xs"))


def planned() -> list:
    spec = ModelSpec(name="pico-xs")
    known = identify(spec)
    place = PlannedModel(
        ref=reference(spec), n_blocks=known.n_blocks, n_parameters=known.n_parameters, context=known.context
    )
    return [cell for cell in TASK_SPACES.plan(PARAMS, [place]) if cell.measure.endswith(":lives")]


@pytest.fixture(scope="module")
def everything(model: LanguageModel) -> list[dict]:
    before = {name: bit_sum(p) for name, p in model.hf.named_parameters()}
    with model.guard():
        found = measured(planned()[0], model).rows.to_pylist()
    assert {name: bit_sum(p) for name, p in model.hf.named_parameters()} == before
    return found


@pytest.fixture(scope="module")
def rows(everything: list[dict]) -> list[dict]:
    return [row for row in everything if row["part"] == LIVES]


def test_there_is_a_cell_for_each_task_only_where_it_is_asked() -> None:
    assert [cell.tasks[0].name for cell in planned()] == list(PARAMS.tasks)
    assert all(len(cell.tasks) == 1 and cell.cost.tokens > 0 for cell in planned())


def test_shares_add_up_to_all_of_the_model(rows) -> None:
    for half in (0, 1):
        here = [row for row in rows if row["half"] == half and row["module"]]
        assert {row["block"] for row in here} == {-1, *range(BLOCKS)}
        for name in ("size", "squares", "chosen"):
            assert sum(row[name] for row in here) == pytest.approx(1)
        [embedding] = [row["size"] for row in here if row["module"] == "embedding"]
        assert embedding == pytest.approx(4096 * 32 / 206752), "tied, so counted once"
        query = [row["size"] for row in here if row["module"] == "query"]
        assert query == [pytest.approx(32 * 32 / 206752)] * BLOCKS


def test_parts_of_the_change_are_put_on_one_by_one(model, rows) -> None:
    [paradigm] = pair_registry.get(TASK)
    cell = planned()[0]
    half = halves(paradigm, 0, PARAMS)[0]
    pairs = measure.encode(model, half.train)
    delta = measure.tune_on(model, pairs, TUNED, PARAMS.tune, cell.rng(f"{LIVES} 0")).delta
    judged = [("", text) for pair in half.judged for text in (pair.good, pair.bad)]

    def margin() -> float:
        scores = model.score(judged)
        return float((scores[::2] - scores[1::2]).mean())

    first = margin()
    found = {row["block"]: row for row in rows if row["half"] == 0 and not row["module"]}
    assert set(found) == {-1, *range(BLOCKS)}
    names = [name for name in delta.values if name.startswith("model.layers.2.")]
    assert 0 < delta.only(names).n_changed < delta.n_changed
    rest = [name for name in delta.values if name not in names]
    for part, key in ((delta, "whole"), (delta.only(names), "alone"), (delta.only(rest), "without")):
        with model.edited(part):
            assert found[2][key] == pytest.approx(margin() - first, abs=1e-4)
    assert found[2]["whole"] > 0


def test_units_hold_what_the_gradient_of_their_weights_holds(model, everything) -> None:
    [paradigm] = pair_registry.get(TASK)
    units = {(row["unit"], row["half"]): row for row in everything if row["part"] == UNITS}
    assert set(units) == {(kind, half) for kind in (HEAD, NEURON) for half in (0, 1)}
    pairs = measure.encode(model, halves(paradigm, 0, PARAMS)[0].train)
    gradient = {n: g.double().square() for n, g in margin(model.executor, pairs)[0].items()}
    whole = sum(float(g.sum()) for g in gradient.values())
    attention = {n: g for n, g in gradient.items() if "self_attn" in n}
    inner = {n: g for n, g in gradient.items() if ".mlp." in n}
    head, neuron = units[HEAD, 0], units[NEURON, 0]
    assert head["owned"] == pytest.approx(sum(float(g.sum()) for g in attention.values()) / whole, rel=1e-4)
    assert neuron["owned"] == pytest.approx(sum(float(g.sum()) for g in inner.values()) / whole, rel=1e-4)
    n_heads = model.anatomy.n_heads
    assert head["units"] == BLOCKS * n_heads == len(head["shares"])
    assert head["blocks"] == [b for b in range(BLOCKS) for _ in range(n_heads)]
    assert sum(head["shares"]) == pytest.approx(1) and neuron["shares"] is None
    # Head 1 of block 2, by hand: its rows of query, key and value, and its columns of the output.
    d = model.anatomy.head_dim
    own = sum(
        float((g[:, d : 2 * d] if "o_proj" in n else g[d : 2 * d]).sum())
        for n, g in attention.items()
        if ".layers.2." in n
    )
    total = sum(float(g.sum()) for g in attention.values())
    assert head["shares"][2 * n_heads + 1] == pytest.approx(own / total, rel=1e-3)
    held = np.concatenate(
        [
            sum(
                (g.sum(dim=0) if "down_proj" in n else g.sum(dim=1)).numpy()
                for n, g in inner.items()
                if f".layers.{b}." in n
            )
            for b in range(BLOCKS)
        ]
    )
    assert neuron["units"] == len(held)
    assert neuron["half_held"] == pytest.approx(half_held(held))
    assert neuron["gini"] == pytest.approx(gini(held), rel=1e-3)
    for row in units.values():
        assert 0 < row["half_held"] <= 0.5 and 0 < row["gini"] < 1 and -1 <= row["repeats"] <= 1
        assert row["shuffled_gini"] != row["gini"]


def test_concentration_is_what_its_formula_says() -> None:
    even, single = np.full(8, 0.3), np.eye(8)[2]
    assert half_held(even) == 0.5 and gini(even) == pytest.approx(0)
    assert half_held(single) == 1 / 8 and gini(single) == pytest.approx(7 / 8)
    held = np.array([5.0, 1.0, 3.0, 1.0])
    assert half_held(held) == 0.25
    differences = np.abs(held[:, None] - held[None, :]).mean()
    assert gini(held) == pytest.approx(differences / (2 * held.mean()))


def planted(true_block: int) -> pa.Table:
    """Rows of a world in which one block alone does everything and holds most of the gradient."""
    world = {world.name: world for world in CALIBRATION.scenarios}["map of phenomena"]
    table = world.simulate(CALIBRATION.params, np.random.default_rng(0))
    names = sorted(set(table["judged"].to_pylist()))
    rng = np.random.default_rng(1)
    records: list[dict] = []
    for task in names:
        for half in (0, 1):
            same = {"part": LIVES, "judged": task, "phenomenon": "p", "half": half}
            for block in range(-1, 4):
                here = 0.6 if block == true_block else 0.1
                for module in ("MLP in", "norms"):
                    shares = {"size": 0.1, "squares": here / 2, "chosen": here / 2}
                    records.append({**same, "block": block, "module": module, **shares})
                gain = 2.0 * (block == true_block) + rng.normal(0, 0.01)
                parts = {"whole": 2.0, "alone": gain, "without": 2.0 - gain}
                records.append({**same, "block": block, "module": "", **parts})
            shares = np.full((4, 2), 0.05)
            shares[true_block, 1] = 0.65
            alike = {"owned": 0.4, "half_held": 0.125, "gini": 0.6, "shuffled_held": 0.5}
            alike |= {"shuffled_gini": 0.0, "repeats": 0.9}
            own = {"shares": shares.ravel().tolist(), "blocks": np.repeat(np.arange(4), 2).tolist()}
            for unit, n in ((HEAD, 8), (NEURON, 64)):
                told = own if unit == HEAD else {}
                records.append({**same, "part": UNITS, "unit": unit, "units": n, **alike, **told})
    more = with_front(pa.Table.from_pylist(records, schema=SCHEMA), "simulated")
    return pa.concat_tables([table, more], promote_options="default")


@pytest.mark.parametrize("block", [0, 3])
def test_the_planted_block_is_found(block: int) -> None:
    table = planted(block)
    [found] = lives(table, spaces(table))
    assert found.n_blocks == 4 and len(found.tasks) == 19
    for matrix in (found.caused, found.needed):
        assert set(matrix.argmax(axis=1)) == {block + 1}
        assert matrix.mean(axis=0)[block + 1] == pytest.approx(1, abs=0.02)
    share = told(found, "chosen")
    assert share is not None and share.low > 0.95 and told(found, "size") is None
    assert (found.depth < 0.5).all() if block == 0 else (found.depth > 0.5).all()


def test_pictures_and_tables_stand_on_the_page_and_older_rows_have_none() -> None:
    table = planted(2)
    found = TASK_SPACES.analyse(table, CALIBRATION.params)
    drawn = [f.name for f in TASK_SPACES.figures(table, found, CALIBRATION.params) if "-lives" in f.name]
    assert drawn == [
        "task-spaces-simulated-lives",
        "task-spaces-simulated-lives-causes",
        "task-spaces-simulated-lives-heads",
    ]
    shown = {t.name: t for t in TASK_SPACES.tables(table, found, CALIBRATION.params) if "-lives" in t.name}
    blocks = shown["task-spaces-simulated-lives-blocks"]
    assert [row[0] for row in blocks.rows] == ["none", "0", "1", "2", "3"]
    assert blocks.rows[3][3] == "60 %" and blocks.rows[3][4] in ("+1.00", "+0.99", "+1.01")
    modules = shown["task-spaces-simulated-lives-modules"]
    assert [row[0] for row in modules.rows] == ["MLP in", "norms"]
    units = shown["task-spaces-simulated-lives-units"]
    assert [row[:3] for row in units.rows] == [("heads", "8", "40 %"), ("neurons", "64", "40 %")]
    assert units.rows[0][3] == "12.5 % (12.5 to 12.5)" and units.rows[0][4] == "50.0 % (50.0 to 50.0)"
    [heads] = [f for f in TASK_SPACES.figures(table, found, CALIBRATION.params) if f.name.endswith("-heads")]
    [cells] = [part for part in heads.spec["datasets"].values() if len(part) == 8]
    told = {(cell["y"], cell["x"]): cell["value"] for cell in cells}
    assert told["2", "1"] == pytest.approx(8 * 0.65) and told["0", "0"] == pytest.approx(8 * 0.05)
    older = table.select([name for name in table.column_names if name not in ("module", "unit")])
    assert lives(older, spaces(table)) == [] and spreads(older, spaces(table)) == []


def test_tasks_that_gained_nothing_tell_nothing_of_causes() -> None:
    found = Lives(
        model="m",
        tasks=("a", "b"),
        phenomena=("p", "p"),
        modules=("norms",),
        shares={name: np.full((2, 3, 1), 1 / 3) for name in ("size", "squares", "chosen")},
        whole=np.array([0.0, -1.0]),
        alone=np.ones((2, 3)),
        without=np.ones((2, 3)),
    )
    assert np.isnan(found.caused).all() and told(found, "chosen") is None
    [blocks, _] = showing.tables(found)
    assert {row[4] for row in blocks.rows} == {"–"} and "Too few tasks" in blocks.note
