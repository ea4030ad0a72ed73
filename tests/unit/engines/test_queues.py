"""Who measures what: longest first, one model after another, help where most is left."""

from hypothesis import given
from hypothesis import strategies as st

from taskscope.engines.queues import Needs, Queues, Work, simulate
from taskscope.runs.cell import Cell, Cost, ModelRef
from toy_cells import toy_cell


def cell(model: str | None, tokens: int, seed: int = 0) -> Cell:
    return toy_cell(model, seed, cost=Cost(tokens=tokens, token_layers=tokens))


WORK = Work(weigh=lambda cell: float(cell.cost.tokens), needs_of=lambda model: Needs())
grids = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(1, 50)), min_size=1, max_size=25
)


def test_a_worker_stays_with_its_model_and_takes_the_longest_cell() -> None:
    queues = Queues([cell("a", 1), cell("b", 2, 1), cell("a", 9, 2), cell("b", 3, 3)], WORK)
    queue = queues.choose(None)
    assert queue is not None and [c.cost.tokens for c in queue.waiting] == [9, 1]
    queue.waiting.clear()
    other = queues.choose(queue)
    assert other is not None and [c.cost.tokens for c in other.waiting] == [3, 2]
    assert (queue.workers, other.workers) == (0, 1)


def test_a_model_that_nobody_holds_comes_before_one_that_has_a_worker() -> None:
    queues = Queues([cell("a", 50), cell("a", 50, 1), cell("b", 1, 2)], WORK)
    first, second, third = (queues.choose(None) for _ in range(3))
    assert first is not None and second is not None and first is third
    assert [c.model.label for q in (first, second) for c in q.waiting[:1] if c.model] == ["a", "b"]


def test_the_needs_of_each_model_are_asked_once() -> None:
    asked: list[str] = []

    def needs_of(model: ModelRef | None) -> Needs:
        asked.append(model.label if model else "")
        return Needs()

    Queues([cell("a", 3), cell("b", 2), cell("a", 1, 1), cell(None, 1)], Work(WORK.weigh, needs_of))
    assert asked == ["a", "b", ""]


def test_a_cell_put_back_is_next() -> None:
    queues = Queues([cell("a", 5), cell("a", 1, 1)], WORK)
    queue = queues.choose(None)
    assert queue is not None
    last = queue.waiting.pop()
    queues.put_back(last)
    assert queue.waiting[0] is last and queues.n_waiting == 2


@given(grids, st.integers(1, 6))
def test_a_schedule_measures_everything_once(grid: list[tuple[str | None, int]], workers: int) -> None:
    cells = [cell(model, tokens, seed) for seed, (model, tokens) in enumerate(grid)]
    turns = simulate(Queues(cells, WORK), WORK.weigh, workers)
    assert sum(turn.cells for turn in turns) == len(cells)
    total, longest = sum(c.cost.tokens for c in cells), max(c.cost.tokens for c in cells)
    assert sum(turn.seconds for turn in turns) == total
    # Queues share their cells, so no worker idles while anything waits (the bound of list scheduling).
    assert max(turn.seconds for turn in turns) <= total / workers + longest
    models = {c.model.label for c in cells if c.model}
    loads = sum(len(turn.models) for turn in turns)
    assert len(models) <= loads <= len(models) + workers * len(models)
    if workers == 1:
        assert loads == len(models)
