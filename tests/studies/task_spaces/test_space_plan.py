"""What the task-space study plans and refuses, and which pairs it draws."""

from __future__ import annotations

import pytest

from taskscope.errors import StudyError, TaskError
from taskscope.runs.cell import ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.task_spaces import overlaps
from taskscope.studies.task_spaces.choosing import halves
from taskscope.studies.task_spaces.params import FEW, PairParams, TaskSpaceParams, profile
from taskscope.studies.task_spaces.study import TASK_SPACES
from taskscope.tasks import pair_registry
from taskscope.tasks.minimal_pairs import MinimalPair, Paradigm

MODEL = PlannedModel(
    ref=ModelRef(id="toy@1", label="toy", dtype="float32", attention="sdpa"),
    n_blocks=4,
    n_parameters=1000,
    context=128,
)


@pytest.mark.parametrize("name", ["smoke", "standard", "full"])
def test_every_profile_plans_one_cell_for_all_tasks_and_one_for_each(name: str) -> None:
    params = profile(name)
    cells = TASK_SPACES.plan(params, [MODEL])
    names = [p.name for task in params.tasks for p in pair_registry.get(task)]
    parts = [cell.measure.rpartition(":")[2] for cell in cells]
    lives = ["lives"] * len(names) * params.lives
    assert parts == ["probe", *["transfer"] * len(names), *lives] * len(params.seeds)
    assert [cell.tasks[0].name for cell in cells[1 : 1 + len(names)]] == names
    maps = [cell for cell in cells if not cell.measure.endswith(":lives")]
    assert {frozenset(task.name for task in cell.tasks) for cell in maps} == {frozenset(names)}
    assert len({cell.key for cell in cells}) == len(cells)
    assert all(cell.cost.token_layers == 4 * cell.cost.tokens > 0 for cell in cells)


def test_permutations_and_seeds_change_no_cell_that_is_there() -> None:
    first, second = (
        TASK_SPACES.plan(profile("smoke").model_copy(update=change), [MODEL])
        for change in ({"draws": 100}, {"draws": 999, "seeds": (0, 1)})
    )
    assert {cell.key for cell in first} < {cell.key for cell in second}


def test_first_order_maps_tune_on_nothing() -> None:
    cells = TASK_SPACES.plan(profile("smoke").model_copy(update={"first_order": True}), [MODEL])
    assert [cell.measure.rpartition(":")[2] for cell in cells] == ["probe"]
    assert cells[0].key in {cell.key for cell in TASK_SPACES.plan(profile("smoke"), [MODEL])}


def test_the_few_tasks_are_two_of_each_phenomenon() -> None:
    phenomena = [paradigm.phenomenon for name in FEW for paradigm in pair_registry.get(name)]
    assert all(phenomena.count(each) == 2 for each in phenomena)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"tasks": ("past-form",)}, "one task alone"),
        ({"tasks": ("past-form", "past-form")}, "two tasks are called 'past-form'"),
        ({"seeds": (1, 1)}, "named twice"),
        ({"conditions": ("difference", "plane")}, "did you mean 'plain'"),
        ({"conditions": ("plain",)}, "'difference', which is judged"),
        ({"tasks": ("past-form/3", "what-with-gap")}, "has 3 pairs that differ"),
    ],
)
def test_what_cannot_be_measured_is_refused(change: dict, told: str) -> None:
    with pytest.raises(StudyError, match=told) as refused:
        TASK_SPACES.plan(TaskSpaceParams(**change), [MODEL])
    assert refused.value.given and refused.value.expected


def test_too_few_pairs_say_what_to_try() -> None:
    with pytest.raises(StudyError, match="has 3 pairs that differ") as refused:
        TASK_SPACES.plan(TaskSpaceParams(tasks=("past-form/3", "what-with-gap")), [MODEL])
    assert "more different pairs" in refused.value.hint


def test_unknown_tasks_are_refused() -> None:
    with pytest.raises(TaskError, match="did you mean 'past-form'"):
        TASK_SPACES.plan(TaskSpaceParams(tasks=("past-forms",)), [MODEL])


def paradigm(n: int, identical: int = 0) -> Paradigm:
    pairs = [MinimalPair(number=i, good=f"good {i}", bad=f"bad {i}") for i in range(n)]
    same = [MinimalPair(number=n + i, good="same", bad="same") for i in range(identical)]
    return Paradigm(name="own", phenomenon="own", pairs=(*pairs, *same))


@pytest.mark.parametrize(("n", "sizes"), [(100, (12, 6)), (20, (7, 3)), (4, (1, 1))])
def test_halves_share_no_pair_and_shrink_together(n: int, sizes: tuple[int, int]) -> None:
    found = halves(paradigm(n, identical=5), 0, PairParams(n_train=12, n_eval=6))
    assert [(len(half.train), len(half.judged)) for half in found] == [sizes] * 2
    numbers = [pair.number for half in found for pair in (*half.train, *half.judged)]
    assert len(set(numbers)) == len(numbers) and max(numbers) < n


def test_draws_follow_the_seed_and_the_pairs_alone() -> None:
    params = PairParams(n_train=4, n_eval=2)
    first = halves(paradigm(40), 0, params)
    assert first == halves(paradigm(40), 0, params) != halves(paradigm(40), 1, params)


def test_words_that_differ_are_what_is_compared() -> None:
    what, that, other = (
        overlaps.contrast([MinimalPair(number=0, good=good, bad=bad)], 1)
        for good, bad in (("I know what.", "I know that."), ("See that!", "see what!"), ("It is.", "It are."))
    )
    assert what == {("what",): 1.0, ("that",): -1.0}
    assert overlaps.cosine(what, that) == pytest.approx(-1)
    assert overlaps.cosine(what, what) == pytest.approx(1)
    assert overlaps.cosine(what, other) == 0
    assert overlaps.cosine(what, overlaps.contrast([MinimalPair(number=0, good="a b", bad="b a")], 1)) == 0
    two = overlaps.contrast([MinimalPair(number=0, good="a b", bad="b a")], 2)
    assert two == {("a", "b"): 1.0, ("b", "a"): -1.0}
