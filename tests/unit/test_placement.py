"""What models ask of a machine, and how long cells will take by those measured before."""

from pathlib import Path

import pytest

from taskscope.engines.queues import Needs
from taskscope.errors import StudyError
from taskscope.runs.cell import Cell, Cost, ModelRef
from taskscope.runs.store import RunFolder
from taskscope.studies import placement
from taskscope.studies.placement import work_of
from taskscope.studies.rates import measured_rates
from toy_cells import measure, toy_cell

GIB = 2**30


def ref(dtype: str = "float32", **load: str) -> ModelRef:
    return ModelRef(id="m@1", label="m", dtype=dtype, attention="sdpa", load=load)


@pytest.mark.parametrize(
    ("model", "gib", "n_parameters", "needs"),
    [
        (None, 80, 0, Needs()),
        (ref(), 80, 10**9, Needs()),
        (ref(device="cuda"), 80, 10**6, Needs(gpus=1 / 8)),
        (ref(device="cuda"), 80, 5 * 10**9, Needs(gpus=3 / 8)),  # 28 of 80 GiB
        (ref("bfloat16", device="cuda"), 80, 5 * 10**9, Needs(gpus=2 / 8)),
        (ref(device="cuda"), 80, 70 * 10**9, Needs(gpus=1)),  # does not fit, and is not spread
        (ref("bfloat16", device="cuda", device_map="auto"), 80, 70 * 10**9, Needs(gpus=3)),
        (ref(device_map="auto"), 80, 10**6, Needs(gpus=1)),
        (ref(device_map="cpu"), 80, 10**6, Needs()),
        (ref(device="auto"), 80, 10**6, Needs(gpus=1 / 8)),
        (ref(device="auto"), None, 10**6, Needs()),
        (ref(device="cuda"), None, 10**9, Needs(gpus=3 / 8)),  # of 16 GiB, where there is none to ask
    ],
)
def test_what_a_model_needs(
    monkeypatch: pytest.MonkeyPatch, model: ModelRef | None, gib: int | None, n_parameters: int, needs: Needs
) -> None:
    monkeypatch.setattr(placement, "accelerator_bytes", lambda: None if gib is None else gib * GIB)
    assert work_of({"m@1": n_parameters}).needs_of(model) == needs


def test_a_gpu_by_its_number_is_refused() -> None:
    with pytest.raises(StudyError, match="cuda:1") as caught:
        work_of({"m@1": 1}).needs_of(ref(device="cuda:1"))
    assert caught.value.hint == "--device cuda"


def cell(model: str, seed: int, tokens: int) -> Cell:
    return toy_cell(model, seed, cost=Cost(tokens=tokens, token_layers=3 * tokens))


def test_times_follow_from_measured_cells_of_the_same_study_model_and_device(tmp_path: Path) -> None:
    folder = RunFolder.create_or_open(tmp_path / "run", {})
    for one, seconds in ((cell("a", 0, 100), 1.0), (cell("a", 1, 300), 3.0), (cell("c", 0, 100), 9.0)):
        folder.write(one, measure(one, None), {"seconds": seconds, "model": {"device": "cpu"}})
    on_gpu = cell("a", 2, 100)
    folder.write(on_gpu, measure(on_gpu, None), {"seconds": 0.001, "model": {"device": "cuda:0"}})
    failed = cell("a", 3, 100)
    folder.write_failure(failed, ValueError("x"), "", {"seconds": 100.0})
    rates = measured_rates(folder.cells(), {"a@1": 50, "b@1": 50})
    assert rates.n_cells == 3
    assert rates.seconds(cell("a", 9, 250)) == pytest.approx(2.5)
    assert rates.seconds(cell("b", 9, 250)) is None  # never measured
    assert rates.seconds(cell("a", 9, 250).model_copy(update={"study": "other"})) is None


def test_cells_weigh_by_parameters_and_tokens() -> None:
    weigh = work_of({"a@1": 50, "b@1": 5}).weigh
    assert weigh(cell("a", 0, 10)) == 10 * weigh(cell("b", 0, 10)) == 1000
    theory = toy_cell(None, cost=Cost(tokens=0, token_layers=7))
    assert weigh(theory) == 7
