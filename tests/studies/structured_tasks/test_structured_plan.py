"""What the study plans, and what it refuses."""

import pytest

from taskscope.errors import StudyError, TaskError
from taskscope.runs.cell import ModelRef
from taskscope.studies.base import PROFILES, PlannedModel
from taskscope.studies.structured_tasks.params import StructuredTaskParams, profile
from taskscope.studies.structured_tasks.study import STRUCTURED_TASKS
from taskscope.tasks.nested.names import steps

MODEL = PlannedModel(
    ref=ModelRef(id="toy@1", label="toy", dtype="float32", attention="sdpa"),
    n_blocks=4,
    n_parameters=1000,
    context=1024,
)


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_plans_cells_for_each_task_and_one_for_each_composition(name: str) -> None:
    params = profile(name)
    parts = ("curves", "maps", "stages") if params.n_stage_maps else ("curves", "maps")
    cells = STRUCTURED_TASKS.plan(params, [MODEL])
    assert [(cell.tasks[0].name, cell.measure.rsplit(".", 2)[1]) for cell in cells] == [
        *((task, part) for task in params.tasks for part in parts),
        *((steps(composition)[0], "nested") for composition in params.nested),
        *((f"sentences-{language}", "spoken") for language in params.spoken),
    ]
    assert len({cell.key for cell in cells}) == len(cells)
    assert all(cell.cost.token_layers == 4 * cell.cost.tokens > 0 for cell in cells)


def test_resamples_change_no_cell() -> None:
    """Intervals can be made again from stored rows, so their number is not part of a cell's key."""
    few, many = (
        STRUCTURED_TASKS.plan(profile("smoke").model_copy(update={"draws": n}), [MODEL]) for n in (100, 999)
    )
    assert [cell.key for cell in few] == [cell.key for cell in many]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"shots": (4, 2)}, "rising order"),
        ({"shots": (0, 2)}, "from 1 on"),
        ({"shots": (2, 2)}, "named twice"),
        ({"tasks": ("topics", "topics")}, "named twice"),
        ({"seeds": (1, 1)}, "named twice"),
        ({"nested": ("to-upper(next-letter)",) * 2}, "named twice"),
        ({"cipher_ladder": (0.5, 1.0)}, "between 0 and 1"),
        ({"cipher_kinds": ("ceasar",)}, "words"),
        ({"spoken": ("de",)}, "en, ja"),
        ({"learners": ("token_logistics",)}, "token_logistic"),
    ],
)
def test_what_cannot_be_measured_is_refused(change: dict, told: str) -> None:
    with pytest.raises(StudyError, match=told):
        STRUCTURED_TASKS.plan(StructuredTaskParams(**change), [MODEL])


def test_a_folder_without_the_tables_is_refused_before_anything_is_measured(tmp_path) -> None:
    with pytest.raises(TaskError, match=r"synonyms\.tsv"):
        STRUCTURED_TASKS.plan(StructuredTaskParams(thesaurus=str(tmp_path)), [MODEL])


def test_an_unknown_task_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(TaskError, match="topics"):
        STRUCTURED_TASKS.plan(StructuredTaskParams(tasks=("topcis",)), [MODEL])
