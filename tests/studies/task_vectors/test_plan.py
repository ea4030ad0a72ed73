"""What is planned and drawn, without a model."""

from __future__ import annotations

import pytest

from taskscope.errors import StudyError, TaskError
from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.base import PROFILES, PlannedModel, Study
from taskscope.studies.registry import registry
from taskscope.studies.task_vectors.draws import other_task, pairs
from taskscope.studies.task_vectors.params import CellParams, TaskVectorParams
from taskscope.studies.task_vectors.study import TASK_VECTORS
from taskscope.tasks import registry as tasks
from taskscope.tasks.prompts import get_format
from taskscope.tasks.task import Item, MappingTask

ARROW = get_format("arrow")


def planned(label: str = "a", context: int = 512, n_blocks: int = 10) -> PlannedModel:
    ref = ModelRef(id=f"{label}@0", label=label, dtype="float32", attention="sdpa")
    return PlannedModel(ref=ref, n_blocks=n_blocks, n_parameters=1, context=context)


def small(**changes: object) -> TaskVectorParams:
    return TaskVectorParams(
        **{
            "tasks": ("next-letter", "antonyms"),
            "suites": (),
            "squares": (),
            "n_averaged": 0,
            "n_templates": 0,
            "lens_steps": 0,
            **changes,
        }
    )


def test_the_registry_holds_the_study() -> None:
    study: Study = registry()["task-vectors"]
    assert study is TASK_VECTORS
    for name in PROFILES:
        assert isinstance(study.profile(name), study.Params)
    with pytest.raises(StudyError, match="did you mean 'smoke'"):
        study.profile("smok")


def test_the_paper_profile_keeps_the_published_sizes() -> None:
    paper = TASK_VECTORS.profile("paper")
    assert (paper.k, paper.n_dev, paper.n_test, paper.format, paper.seeds) == (5, 50, 50, "example", (41,))
    assert paper.tasks == tasks.PAPER_TASKS
    # The baseline is asked for every pair: 100 prompts, as published.
    assert paper.n_dev + paper.n_test == 100
    # Published: 4 demonstrations in geometry and conflicts, 10 for function vectors.
    parts = (paper.cell, paper.theta, paper.lens, paper.conflict, paper.heads, paper.composition)
    assert [part.k for part in parts] == [5, 4, 4, 4, 10, 10]
    assert paper.averaged.k == paper.template.k == 5


def test_parts_have_k_demonstrations_unless_told_otherwise() -> None:
    apart = {"thetas": "k_sets", "conflicts": "k_conflicts", "heads": "k_heads"}
    tasks_at_odds = ("next-letter", "to-upper")

    def planned_k(**changes: int) -> dict[str, int]:
        cells = TASK_VECTORS.plan(small(tasks=tasks_at_odds, **changes), [planned()])
        parts = {cell.measure.split(".")[-2]: cell.params["k"] for cell in cells}
        return {
            "accuracies": parts["task_vectors"],
            "thetas": parts["geometry"],
            "conflicts": parts["conflict"],
            "heads": parts["heads"],
        }

    assert set(planned_k(k=6).values()) == {6}
    for part, name in apart.items():
        assert planned_k(**{name: 3}) == {**planned_k(), part: 3}


def accuracy_cells(cells: list[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.measure.endswith("task_vectors.measure:measure")]


def head_cells(cells: list[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.measure.endswith("heads.measure:measure")]


def test_two_cells_per_model_task_and_seed_and_one_of_all_tasks() -> None:
    cells = TASK_VECTORS.plan(small(seeds=(0, 1)), [planned("a"), planned("b")])
    assert len({cell.key for cell in cells}) == len(cells) == 2 * 2 * 2 * 2 + 2 * 2
    assert all([t.name for t in cell.tasks] == ["next-letter", "antonyms"] for cell in head_cells(cells))
    assert [cell.tasks[0].name for cell in cells[:4]] == ["next-letter"] * 2 + ["antonyms"] * 2


def test_adding_a_task_a_seed_or_more_draws_keeps_the_other_cells() -> None:
    cells = TASK_VECTORS.plan(small(), [planned()])
    before = {cell.key for cell in cells}
    more = small(tasks=("to-upper", "antonyms", "next-letter"), seeds=(1, 0), draws=500)
    after = {cell.key for cell in TASK_VECTORS.plan(more, [planned()])}
    # Heads are chosen on the other tasks: that cell alone is another one.
    assert before - after == {cell.key for cell in head_cells(cells)}
    seeds = small(seeds=(0, 1), draws=500)
    assert before < {cell.key for cell in TASK_VECTORS.plan(seeds, [planned()])}
    other_k = {cell.key for cell in TASK_VECTORS.plan(small(k=4), [planned()])}
    assert not before & other_k


def test_cost_counts_columns_of_every_block_and_one_encoding_of_each_s() -> None:
    def tokens(**changes: object) -> int:
        n_blocks = changes.pop("n_blocks", 10)
        params = small(tasks=("next-letter",), **changes)
        [cell] = accuracy_cells(TASK_VECTORS.plan(params, [planned(n_blocks=n_blocks)]))  # type: ignore[arg-type]
        assert cell.cost.token_layers == cell.cost.tokens * n_blocks
        return cell.cost.tokens

    n = 300
    # Six conditions, each one column of at least one token per block and pair.
    assert tokens(n_blocks=20) - tokens(n_blocks=10) == n * 6 * 10
    assert tokens(n_dev=200, n_test=400) == pytest.approx(2 * tokens(), rel=1e-3)
    assert tokens(k=10) > tokens(k=5)


def test_a_context_too_short_for_k_is_refused_before_anything_is_loaded() -> None:
    with pytest.raises(StudyError, match="100 demonstrations take 302 tokens or more; a reads 256"):
        TASK_VECTORS.plan(small(k=100, tasks=("antonyms",)), [planned(context=256)])
    with pytest.raises(StudyError, match=r"(?s)100 demonstrations take 302 tokens.*k_heads=5"):
        TASK_VECTORS.plan(small(k_heads=100, tasks=("antonyms",)), [planned(context=256)])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "arow"}, "did you mean 'arrow'"),
        ({"tasks": ("antonyms", "antonyms")}, "'antonyms' is named twice"),
        ({"seeds": (1, 1)}, "seed 1 is named twice"),
        ({"n_averaged": 20}, "n_averaged=20: a mean over fewer than 20 other prompts"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(changes: dict, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        TASK_VECTORS.plan(small(**changes), [planned()])


def test_unknown_tasks_are_refused_with_the_nearest_name() -> None:
    with pytest.raises(TaskError, match="antonyms"):
        TASK_VECTORS.plan(small(tasks=("antonym",)), [planned()])


@pytest.mark.parametrize("name", tasks.names())
def test_the_other_task_is_of_another_kind_and_shares_no_pair(name: str) -> None:
    task = tasks.get(name)
    other = other_task(task, 5, 2)
    assert other.group != task.group
    assert other.name in tasks.PAPER_TASKS
    own = {(item.input, answer) for item in task.items for answer in item.answers}
    assert not own & {(item.input, answer) for item in other.items for answer in item.answers}
    assert other_task(task, 5, 2) == other


def test_a_users_copy_of_a_built_in_task_never_lends_itself_its_own_theta() -> None:
    for name in tasks.PAPER_TASKS:
        copied = tasks.get(name).model_copy(update={"name": f"my {name}", "group": "user"})
        assert other_task(copied, 5, 2).name != name


def test_draws_keep_queries_of_the_splits_apart_whatever_the_seed() -> None:
    task = tasks.get("next-letter")
    other = other_task(task, 5, 2)
    params = CellParams(n_dev=30, n_test=30)
    clusters: dict[str, set[str]] = {"dev": set(), "test": set()}
    for seed in (0, 1, 2):
        for pair in pairs(task, other, seed, params, ARROW):
            clusters[pair.split].add(pair.query.cluster)
    assert not clusters["dev"] & clusters["test"]
    assert len(clusters["dev"] | clusters["test"]) == 25


def test_draws_are_the_same_every_time_and_differ_between_seeds() -> None:
    task, params = tasks.get("antonyms"), CellParams(n_dev=5, n_test=5)
    other = other_task(task, 5, 2)
    assert pairs(task, other, 0, params, ARROW) == pairs(task, other, 0, params, ARROW)
    assert pairs(task, other, 0, params, ARROW) != pairs(task, other, 1, params, ARROW)


def test_prompts_of_a_pair_say_what_they_should() -> None:
    task = tasks.get("next-letter")
    other = other_task(task, 5, 2)
    for pair in pairs(task, other, 0, CellParams(n_dev=10, n_test=10), ARROW):
        *shown, last = pair.regular.split("\n")
        assert last == pair.bare == f"{pair.query.input}->"
        assert len(shown) == 5
        assert all(ord(y) == ord(x) + 1 for x, y in (line.split("->") for line in shown))
        assert pair.gold == (chr(ord(pair.query.input) + 1),)
        for theta, separator, leak in zip(pair.theta, pair.separator, pair.leak, strict=True):
            *same, dummy = theta.split("\n")
            assert same == shown
            assert dummy == separator != pair.bare
            assert dummy not in [line.split("->")[0] + "->" for line in shown]
            assert leak == chr(ord(dummy[0]) + 1)
        swapped = [line.split("->") for line in pair.regular_shuffled.split("\n")[:-1]]
        assert all(ord(y) != ord(x) + 1 for x, y in swapped)
        assert sorted(y for _, y in swapped) == sorted(line.split("->")[1] for line in shown)
        assert all(text.startswith(pair.regular_shuffled[: -len(pair.bare)]) for text in pair.shuffled)
        assert not any(text.startswith("\n".join(shown)) for text in pair.other_task)


def test_a_task_too_small_for_k_is_an_error() -> None:
    items = tuple(Item(input=c, answers=(c.upper(),)) for c in "abcdef")
    tiny = MappingTask(name="tiny", title="Tiny", group="user", description="Six letters.", items=items)
    with pytest.raises(TaskError, match="tiny"):
        pairs(tiny, tasks.get("antonyms"), 0, CellParams(n_dev=2, n_test=2), ARROW)
