"""Nested calls: which there are, that no demonstration gives one away, and models whose answer is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from taskscope.errors import TaskError
from taskscope.models.identity import identify, reference
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.structured_tasks.analysis import analyse, figures, tables
from taskscope.studies.structured_tasks.nested.drawing import draw
from taskscope.studies.structured_tasks.nested.figures import NESTED, PRODUCT, see
from taskscope.studies.structured_tasks.nested.grids import grids
from taskscope.studies.structured_tasks.nested.measure import measure
from taskscope.studies.structured_tasks.nested.resampling import ModelNested, resample
from taskscope.studies.structured_tasks.nested.rows import NEST
from taskscope.studies.structured_tasks.params import StructuredTaskParams
from taskscope.studies.structured_tasks.study import STRUCTURED_TASKS
from taskscope.tasks import registry
from taskscope.tasks.nested.compositions import answers, build, possible
from taskscope.tasks.nested.draws import APART, SHOWN
from taskscope.tasks.nested.names import (
    DEFAULT,
    FUNCTIONS,
    answer,
    call,
    nest,
    prompt,
    steps,
)

NAMES = ("to-upper(next-letter)", "en-fr(antonyms)", "capitalise(present-past(fr-en))")
PARAMS = StructuredTaskParams(nested=NAMES, nested_shots=4, nested_repetitions=40, nested_queries=6)
TOY = PlannedModel(
    ref=ModelRef(id="toy@1", label="toy", dtype="float32", attention="sdpa"),
    n_blocks=4,
    n_parameters=1000,
    context=1024,
)


def cells(params: StructuredTaskParams, model: PlannedModel = TOY) -> list[Cell]:
    return [cell for cell in STRUCTURED_TASKS.plan(params, [model]) if ".nested." in cell.measure]


class Caller:
    """Stands in for a model: reads the call at the end of a prompt and makes it in a way of its own.

    Args:
        make: From the names of tasks, innermost first, and a word to what is said.
    """

    route = "none"

    def __init__(self, make: Callable[[Sequence[str], str], str]) -> None:
        self.make = make

    @contextmanager
    def audited(self, rng: np.random.Generator) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(notes=dict)

    def answer(self, prompts: Sequence[str], accepted: dict[str, list[list[str]]]) -> SimpleNamespace:
        said = [answer(self.make(*self._read(text))) for text in prompts]
        correct = {
            kind: np.array([reply in some for reply, some in zip(said, lists, strict=True)])
            for kind, lists in accepted.items()
        }
        return SimpleNamespace(correct=correct, logprob={"right": np.zeros(len(prompts))})

    def _read(self, text: str) -> tuple[list[str], str]:
        task_of = {word: task for task, word in FUNCTIONS.items()}
        head, word, _ = text.splitlines()[-1].split('"')
        return [task_of[function] for function in reversed(head.strip("( ").split(" ("))], word


def run(tasks: Sequence[str], word: str) -> str:
    """Make a call as it is meant; an answer that is no input of the next task ends it."""
    for task in tasks:
        word = next(iter(answers(registry.get(task), word)), "?")
    return word


def found(make: Callable[[Sequence[str], str], str], params: StructuredTaskParams = PARAMS) -> pa.Table:
    parts = []
    for cell in cells(params):
        rows = measure(cell, Caller(make)).rows
        for name, value in (("seed", cell.seed), ("task", cell.tasks[0].name), ("model", "toy")):
            rows = rows.add_column(0, name, pa.array([value] * rows.num_rows))
        parts.append(rows)
    return pa.concat_tables(parts).unify_dictionaries()


def resampled(rows: pa.Table) -> ModelNested:
    return resample("toy", grids(rows)["toy"], 1000)


@pytest.mark.parametrize("name", DEFAULT)
def test_names_can_be_taken_apart_and_put_together(name: str) -> None:
    assert nest(steps(name)) == name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("to-upper", "around one another"),
        ("to-upper(next-letter", "around one another"),
        ("to-upper(next-letter))", "around one another"),
        ("to-uper(next-letter)", "to-upper"),
    ],
)
def test_names_that_are_no_nest_are_refused(name: str, told: str) -> None:
    with pytest.raises(TaskError, match=told):
        STRUCTURED_TASKS.plan(StructuredTaskParams(nested=(name,)), [TOY])


def test_a_composition_without_enough_items_is_refused_when_planned() -> None:
    with pytest.raises(TaskError, match="nested_shots or nested_queries"):
        STRUCTURED_TASKS.plan(StructuredTaskParams(nested=NAMES[:1], nested_shots=21), [TOY])


def test_calls_read_as_they_should() -> None:
    assert set(FUNCTIONS) == set(registry.names())
    assert len(set(FUNCTIONS.values())) == len(FUNCTIONS)
    assert call(["next-letter", "to-upper"], "a") == '(upper (next "a"))'
    assert prompt([('(next "c")', "d")], '(upper "b")') == '(next "c") = d\n(upper "b") ='


def test_items_are_found_by_rule() -> None:
    """Known values, among them accepted answers that come by another accepted inner answer."""
    letters = {item.words[0]: item for item in build("to-upper(next-letter)").items}
    assert len(letters) == 25
    assert (letters["a"].words, letters["a"].answers) == (("a", "b"), ("B",))
    assert (letters["a"].stops, letters["a"].skips) == (("b",), ("A",))
    small = next(item for item in build("en-fr(antonyms)").items if item.words[0] == "small")
    assert (small.words, small.answers) == (("small", "big"), ("grand", "gros"))
    assert (small.stops, small.skips) == (("big", "large"), ("petit",))
    go = next(item for item in build("capitalise(present-past(fr-en))").items if item.words[0] == "aller")
    assert (go.words, go.answers, go.stops) == (("aller", "go", "went"), ("Went",), ("go", "went"))


def test_compositions_of_two_tell_composing_from_half_of_it() -> None:
    own = PARAMS.nested_shots + PARAMS.nested_queries
    first = list(islice(possible(2, own), 10))
    assert first[0].name == "next-letter(next-letter)"
    assert not {"prev-letter(next-letter)", "first-letter(next-letter)"} & {one.name for one in first}
    for one in [*first, *(build(name) for name in DEFAULT if len(steps(name)) == 2)]:
        assert len(one.items) >= own
        inner, outer = one.tasks
        for item in one.items:
            x, y = item.words
            assert answers(inner, x)[0] == y
            assert item.answers[0] == answers(outer, y)[0]
            assert not {x, *answers(inner, x), *answers(outer, x)} & set(item.answers)


@pytest.mark.parametrize("name", DEFAULT)
def test_no_demonstration_gives_an_asked_call_away(name: str) -> None:
    composition = build(name)
    inputs = {task.name: {item.input: item.cluster for item in task.items} for task in composition.tasks}
    drawn = draw(composition, 0, StructuredTaskParams(nested_repetitions=4).nested_call(name))
    for each in drawn:
        apart, shown = (dict(each.demonstrations[condition]) for condition in (APART, SHOWN))
        assert apart.items() < shown.items()
        assert len(shown) == 8 * (composition.depth + 1)
        assert not any("((" in line.replace(" (", "((") for line in apart)
        assert not {one for *_, one in each.prompts(composition)} & set(shown)
        for item in each.queries:
            for task, word in zip(composition.names, item.words, strict=True):
                twins = [x for x, cluster in inputs[task].items() if cluster == inputs[task].get(word)]
                assert not {call([task], twin) for twin in twins} & set(apart)
    assert drawn == draw(composition, 0, StructuredTaskParams(nested_repetitions=4).nested_call(name))
    assert drawn != draw(composition, 1, StructuredTaskParams(nested_repetitions=4).nested_call(name))


def test_a_model_that_fails_each_step_on_its_own_scores_the_product() -> None:
    """The planted null: every step of every call goes wrong with the same chance as alone."""
    rng = np.random.default_rng(0)

    def sloppy(tasks: Sequence[str], word: str) -> str:
        return run(tasks, word) if (rng.random(len(tasks)) < 0.8).all() else "?"

    for each in resampled(found(sloppy)).compositions:
        gap = each.share(each.nested - each.product)
        assert gap.low < 0 < gap.high
        assert each.nested[0] == pytest.approx(0.8 ** each.alone.shape[1], abs=0.1)
        np.testing.assert_allclose(each.alone[0], 0.8, atol=0.1)
        assert each.to_compose


def test_a_model_that_stops_after_the_inner_call_is_seen() -> None:
    rows = found(lambda tasks, word: run(tasks[:1], word))
    for each in resampled(rows).compositions:
        assert (each.product[0], each.nested[0], each.shown[0]) == (1, 0, 0)
        assert each.wrong == (240, 1, 0)
        assert each.through[0] == 0
        assert each.share(each.nested).high == pytest.approx(0.088, abs=0.001)  # Wilson's of 0 in 40
    assert "Nesting itself costs 100 points" in see(resampled(rows))


def test_a_model_that_skips_the_inner_call_is_seen() -> None:
    params = PARAMS.model_copy(update={"nested": NAMES[:2]})
    for each in resampled(found(lambda tasks, word: run(tasks[-1:], word), params)).compositions:
        n, stops, skips = each.wrong
        wanted = [
            item.skips != ()
            for one in draw(build(each.grid.composition), 0, params.nested_call(each.grid.composition))
            for item in one.queries
        ]
        assert (n, stops, skips) == (240, 0, np.mean(wanted))


def test_nothing_to_compose_is_said_where_single_calls_fail() -> None:
    rows = found(lambda tasks, word: run(tasks, word) if len(tasks) > 1 else "?")
    seen = resampled(rows)
    assert not seen.able
    assert all(each.nested[0] == 1 for each in seen.compositions)
    assert see(seen).startswith("Nothing to compose")


def test_a_model_that_composes_is_reported_and_not_judged() -> None:
    rows = found(run)
    assert analyse(rows, PARAMS) == []
    (table,) = tables(rows, PARAMS)
    assert [row[0] for row in table.rows] == [
        call(steps(n), "x") for n in sorted(NAMES, key=lambda n: (len(steps(n)), n))
    ]
    (figure,) = figures(rows, PARAMS)
    assert "3 of 3 compositions" in figure.see
    drawn = [value for data in figure.spec["datasets"].values() for value in data if value["kind"] == "data"]
    assert {value["x"] for value in drawn if value["series"] in (NESTED, PRODUCT)} == {1.0}


def test_rows_equal_scoring_plain_text() -> None:
    """A real model is asked the text that a reader would write, for whole answers with their line ends."""
    spec = ModelSpec(name="pico-xs")
    known, model = identify(spec), load(spec)
    planned = PlannedModel(
        ref=reference(spec), n_blocks=known.n_blocks, n_parameters=known.n_parameters, context=known.context
    )
    sizes = {"nested_shots": 2, "nested_repetitions": 2, "nested_queries": 2}
    (cell,) = cells(StructuredTaskParams(nested=("en-fr(antonyms)",), **sizes), planned)
    rows = measure(cell, model).rows.to_pylist()
    assert len(rows) == 2 * 2 * 4
    assert {(row["condition"], row["step"]) for row in rows} == {
        (APART, 0),
        (APART, 1),
        (APART, 2),
        (SHOWN, 0),
    }
    composition = build("en-fr(antonyms)")
    drawn = draw(
        composition, cell.seed, StructuredTaskParams(nested=(), **sizes).nested_call(composition.name)
    )
    for row in rows:
        tasks = composition.names if row["step"] == NEST else (composition.names[row["step"] - 1],)
        lines = drawn[row["repetition"]].demonstrations[row["condition"]]
        text = prompt(lines, call(tasks, row["input"]))
        wanted = model.score([(text, f" {row['answer']}\n")])[0]
        assert row["logprob"] == pytest.approx(wanted, abs=1e-4)
