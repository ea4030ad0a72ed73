"""Function vectors in other templates, in plain text, and rebuilt from what they say in the vocabulary."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from letters_model import N_BLOCKS, model
from rowmaker import task_rows

from taskscope.studies.task_vectors.conditions import BASELINE, REGULAR
from taskscope.studies.task_vectors.heads.draws import TaskPrompts, prompts
from taskscope.studies.task_vectors.heads.elsewhere import elsewhere_rows
from taskscope.studies.task_vectors.heads.rows import NONE, OTHER, RANDOM, RANDOM_HEADS, VECTOR, ZERO_SHOT
from taskscope.studies.task_vectors.heads.surrounding_rows import PART, REBUILT, TEMPLATES, TEXT, TOP, WHOLE
from taskscope.studies.task_vectors.heads.surroundings import figures, surroundings, tables
from taskscope.studies.task_vectors.params import HeadParams, TaskVectorParams
from taskscope.studies.task_vectors.results import results
from taskscope.tasks import registry
from taskscope.tasks.prompts import get_format

SIZES = HeadParams(k=2, n_means=1, n_effects=1, n_vector_dev=1, n_vector_test=20, rebuilding_steps=20)
PARAMS = TaskVectorParams(draws=200)
BLOCK = N_BLOCKS - 1


def drawn(task: str) -> TaskPrompts:
    return prompts(registry.get(task), 0, SIZES, get_format("arrow"))


def added() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    names = (VECTOR, OTHER, RANDOM_HEADS, RANDOM)
    return {name: 3 * rng.standard_normal(model().d_model, dtype=np.float32) for name in names}


def measured(task: str) -> pa.Table:
    rng = np.random.default_rng(1)
    tables = elsewhere_rows(drawn(task), added(), 1, BLOCK, SIZES, model(), rng)
    return pa.concat_tables(tables, promote_options="default")


@pytest.fixture(scope="module")
def antonyms() -> pa.Table:
    return measured("antonyms")


def test_every_surrounding_has_its_conditions_on_test_queries_alone(antonyms: pa.Table) -> None:
    rows = antonyms.to_pylist()
    seen: dict[str, set[str]] = {}
    for row in rows:
        if row["part"] == PART:
            assert (row["split"], row["block"]) == ("test", BLOCK)
            seen.setdefault(row["context"], set()).add(row["condition"])
    assert seen == {
        TEMPLATES: {NONE, *added()},
        TEXT: {NONE, *added()},
        ZERO_SHOT: {NONE, VECTOR, RANDOM, WHOLE, TOP},
    }
    rebuilt = {row["condition"]: row for row in rows if row["part"] == REBUILT}
    assert rebuilt.keys() == {WHOLE, TOP}
    assert all(row["nats"] > 0 and -1 <= row["cosine"] < 1 for row in rebuilt.values())
    asked = {row["pair"] for row in rows if row["context"] == TEMPLATES}
    assert asked == set(range(20))


def test_letters_are_not_looked_for_in_plain_text() -> None:
    contexts = set(measured("to-upper")["context"].cast(pa.string()).to_pylist()) - {None}
    assert contexts == {TEMPLATES, ZERO_SHOT}


def test_answers_are_those_of_a_sweep_at_the_block(antonyms: pa.Table) -> None:
    asked = drawn("antonyms").test
    texts, gold = [one.bare for one in asked], {"gold": [one.gold for one in asked]}
    vector = np.broadcast_to(added()[VECTOR], (len(asked), 1, model().d_model))
    swept = model().sweep(texts, {"it": vector}, gold, blocks=[BLOCK], mode="add").correct["gold"]
    rows = [r for r in antonyms.to_pylist() if (r["context"], r["condition"]) == (ZERO_SHOT, VECTOR)]
    assert [r["correct"] for r in rows] == swept[0, :, 0].tolist()


def test_the_page_shows_means_over_tasks_on_which_demonstrations_help(antonyms: pa.Table) -> None:
    """Of twenty queries the first five are made right with the function vector in plain text, no other."""
    place = [antonyms[name].to_pylist() for name in ("context", "condition", "pair")]
    in_text = sorted({pair for context, _, pair in zip(*place, strict=True) if context == TEXT})
    first_five, n = in_text[:5], len(in_text)
    right = [
        part == (TEXT, VECTOR) and pair in first_five
        for part, pair in zip(zip(*place[:2], strict=True), place[2], strict=True)
    ]
    table = antonyms.set_column(antonyms.column_names.index("correct"), "correct", pa.array(right))
    for name, value in {"model": "toy", "seed": 0}.items():
        table = table.append_column(name, pa.repeat(pa.scalar(value), table.num_rows))
    counted = task_rows("antonyms", {BASELINE: 0, REGULAR: 20})
    rows = pa.concat_tables([counted, table], promote_options="permissive")
    [found] = surroundings(rows, results(rows, PARAMS), PARAMS)
    assert found.means[TEXT, VECTOR].value == pytest.approx(5 / n)
    assert found.means[TEXT, NONE].value == found.means[TEMPLATES, VECTOR].value == 0
    [figure], [made] = figures(found), tables(found)
    assert f"plain text: the answer turns up: from 0% to {5 / n:.0%}" in figure.see
    [row] = made.rows
    assert len(row) == len(made.columns)
    unable = pa.concat_tables(
        [task_rows("antonyms", {BASELINE: 0, REGULAR: 0}), table], promote_options="permissive"
    )
    assert not surroundings(unable, results(unable, PARAMS), PARAMS)
