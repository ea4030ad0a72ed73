"""A key says what may change the numbers: all of it, and nothing else."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskscope.runs.cell import Cell, Cost, ModelRef, TaskRef, canonical_json
from toy_cells import toy_cell

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
params = st.dictionaries(st.text(), json_values, max_size=5)


def _reordered(value: object) -> object:
    """The same value with the keys of every dictionary in the opposite order."""
    if isinstance(value, dict):
        return {k: _reordered(v) for k, v in reversed(value.items())}
    return [_reordered(v) for v in value] if isinstance(value, list) else value


@given(params)
def test_order_of_parameters_does_not_matter(given_params: dict) -> None:
    assert toy_cell(params=given_params).key == toy_cell(params=_reordered(given_params)).key


@given(params)
def test_key_survives_storing(given_params: dict) -> None:
    cell = toy_cell(params=given_params)
    assert Cell.model_validate(json.loads(json.dumps(cell.model_dump(mode="json")))).key == cell.key


@given(params, params)
def test_different_parameters_differ_in_key(one: dict, other: dict) -> None:
    same = canonical_json(one) == canonical_json(other)
    assert (toy_cell(params=one).key == toy_cell(params=other).key) == same


MODEL = ModelRef(id="a@1", label="a", dtype="float32", attention="eager")
TASK = TaskRef(name="copy", fingerprint="copy-1")


@pytest.mark.parametrize(
    "change",
    [
        {"study": "other"},
        {"study_version": 2},
        {"params": {"n": 8}},
        {"params": {"n": "7"}},
        {"seed": 1},
        {"model": None},
        {"model": MODEL.model_copy(update={"id": "a@2"})},
        {"model": MODEL.model_copy(update={"dtype": "bfloat16"})},
        {"model": MODEL.model_copy(update={"attention": "sdpa"})},
        {"tasks": ()},
        {"tasks": (TASK, TASK)},
        {"tasks": (TASK.model_copy(update={"name": "other"}),)},
        {"tasks": (TASK.model_copy(update={"fingerprint": "copy-2"}),)},
    ],
    ids=str,
)
def test_what_identifies_a_cell_changes_its_key(change: dict) -> None:
    assert toy_cell(**change).key != toy_cell().key


@given(load=params, label=st.text(), source=st.text(), tokens=st.integers(0), measure=st.text())
def test_what_only_describes_a_cell_leaves_its_key(
    load: dict, label: str, source: str, tokens: int, measure: str
) -> None:
    described = toy_cell(
        model=None,
        measure=measure,
        cost=Cost(tokens=tokens, token_layers=tokens),
    ).model_copy(
        update={
            "model": MODEL.model_copy(update={"load": load, "label": label}),
            "tasks": (TASK.model_copy(update={"source": source}),),
        }
    )
    assert described.key == toy_cell().key


def test_order_of_tasks_matters() -> None:
    other = TaskRef(name="other", fingerprint="other-1")
    assert toy_cell(tasks=(TASK, other)).key != toy_cell(tasks=(other, TASK)).key


def test_key_and_randomness_are_the_same_in_every_process() -> None:
    asked = "from toy_cells import toy_cell as c; print(c().key, c().rng('x').integers(10**12))"
    told = {
        subprocess.run(
            [sys.executable, "-c", asked],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert told == {f"{toy_cell().key} {toy_cell().rng('x').integers(10**12)}\n"}


def test_purposes_and_cells_draw_independently() -> None:
    draws = [
        c.rng(p).random(4) for c in (toy_cell(seed=0), toy_cell(seed=1)) for p in ("", "order", "labels")
    ]
    assert len({tuple(d) for d in draws}) == len(draws)
    assert np.array_equal(toy_cell().rng("order").random(4), toy_cell().rng("order").random(4))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_key_holds_no_number_that_json_lacks(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        _ = toy_cell(params={"x": value}).key
