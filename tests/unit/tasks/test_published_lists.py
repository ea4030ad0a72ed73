"""Published word lists, read as a user would read them (protocol task_vectors 4)."""

import json
import os
from pathlib import Path

import pytest

from taskscope.errors import TaskError
from taskscope.tasks import registry

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def data() -> Path:
    folder = os.environ.get("TASKSCOPE_DATA")
    if not folder:
        pytest.skip("TASKSCOPE_DATA does not name the public data folder")
    return Path(folder)


@pytest.mark.parametrize(
    ("file", "n_items", "n_identical"),
    [
        ("translation/en_fr", 739, 64),
        ("translation/en_es", 719, 29),
        ("translation/fr_en", 772, 61),
        ("translation/es_en", 763, 29),
        ("linguistic/present_simple_gerund", 1008, 0),
        ("linguistic/present_simple_past_simple", 1005, 15),
        ("linguistic/plural_singular", 172, 33),
    ],
)
def test_lists_of_the_task_vector_paper_have_the_counted_items(
    data: Path, file: str, n_items: int, n_identical: int
) -> None:
    task = registry.get(str(data / "icl_task_vectors" / f"{file}.json"))
    assert len(task.items) == n_items
    assert sum(item.input in item.answers for item in task.items) == n_identical


@pytest.mark.parametrize(
    ("file", "majority", "kappa"),
    [
        ("country_capital", 0.04, 0.02),
        ("person_language", 0.25, 0.14),
        ("location_continent", 0.74, 0.57),
    ],
)
def test_label_skew_of_the_knowledge_lists_is_as_counted(
    data: Path, file: str, majority: float, kappa: float
) -> None:
    task = registry.get(str(data / "icl_task_vectors" / "knowledge" / f"{file}.json"))
    assert task.majority_rate == pytest.approx(majority, abs=0.005)
    agreeing = sum((count / len(task.items)) ** 2 for count in task.label_counts.values())
    assert agreeing == pytest.approx(kappa, abs=0.005)


def test_a_row_of_language_codes_is_an_item_like_any_other(data: Path) -> None:
    task = registry.get(str(data / "icl_task_vectors" / "translation" / "en_fr.json"))
    assert (task.items[0].input, task.items[0].answers) == ("en", ("fr",))


def test_repeated_inputs_of_the_published_antonyms_are_shown_instead_of_dropped(data: Path) -> None:
    """Eighteen inputs stand twice in the file; a plain JSON reader keeps the last of each without a word."""
    path = data / "icl_task_vectors" / "linguistic" / "antonyms.json"
    with pytest.raises(TaskError, match=r"stands on line \d+ and on line \d+") as caught:
        registry.get(str(path))
    lines = path.read_text(encoding="utf-8").splitlines()
    said = str(caught.value)
    first, second = (int(part.split()[0]) for part in said.split("on line ")[1:])
    word = said.split("'")[1]
    assert lines[first - 1].strip().startswith(f'"{word}"')
    assert lines[second - 1].strip().startswith(f'"{word}"')
    assert len(json.loads(path.read_text(encoding="utf-8"))) == 162


def test_lists_of_the_function_vector_paper(data: Path) -> None:
    read, refused = {}, {}
    for path in sorted((data / "function_vectors").glob("[ae]*tractive/*.json")):
        n_inputs = [row["input"].strip() for row in json.loads(path.read_text(encoding="utf-8"))]
        try:
            read[path.stem] = registry.get(str(path))
            assert len(read[path.stem].items) == len(n_inputs)
        except TaskError as error:
            refused[path.stem] = str(error)
            assert len(set(n_inputs)) < len(n_inputs)
    assert len(read) == 46
    assert len(refused) == 10
    assert all("stands on line" in said for said in refused.values())
    assert read["antonym"].source.endswith("antonym.json")
