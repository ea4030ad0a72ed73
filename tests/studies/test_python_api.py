"""The Python API: one call measures, gives rows, findings and charts, and resumes; importing it is cheap."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

import taskscope
from taskscope.engines.events import CellDone, CellSkipped, Event
from taskscope.errors import StudyError, TaskscopeError

ASKED = {"tasks": ["memo-trap"], "n_items": 10, "beside": False, "shots": [], "draws": 200}


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> taskscope.Result:
    out = tmp_path_factory.mktemp("api") / "run"
    return taskscope.run("inverse-scaling", model=["pico-xs", "pico-s"], profile="smoke", out=out, **ASKED)


def test_one_call_gives_findings_rows_and_charts_that_can_be_changed(result) -> None:
    assert result.studies == ("inverse-scaling",) and not result.failures
    assert {finding.study for finding in result.findings} == {"inverse-scaling"}
    assert result.rows.num_rows == 20 and "loss" in result.rows.column_names
    assert result.tables
    for figure in result.figures:
        chart = result.chart(figure.name)
        changed = chart.properties(title="Mine").to_dict(validate=False)
        assert changed.pop("title") == "Mine"
        assert changed == {k: v for k, v in figure.spec.items() if k != "title"}


def test_the_same_call_resumes_and_an_open_run_says_the_same(result) -> None:
    seen: list[Event] = []
    again = taskscope.run(
        "inverse-scaling",
        ["pico-xs", "pico-s"],
        profile="smoke",
        out=result.folder.path,
        on_event=seen.append,
        **ASKED,
    )
    assert any(isinstance(event, CellSkipped) for event in seen)
    assert not any(isinstance(event, CellDone) for event in seen)
    opened = taskscope.open_run(result.folder.path)
    assert opened.findings == again.findings == result.findings
    assert opened["inverse-scaling"].rows.equals(result.rows)
    command = opened.folder.spec["request"]["command"]
    assert command.startswith("taskscope.run('inverse-scaling', model=['pico-xs', 'pico-s']")


def test_a_notebook_shows_cards_and_texts_from_outside_are_escaped(result) -> None:
    html = result._repr_html_()
    assert html.count('<article class="finding') == len(result.findings)
    assert "Inverse scaling" in html


def test_the_page_is_written_on_request(result) -> None:
    page = result.write_page()
    assert page == result.folder.page and "<h1" in page.read_text(encoding="utf-8")


def test_two_results_are_compared(result) -> None:
    found = taskscope.compare(result, result.folder.path, ["pico-xs", "pico-s"])
    assert {one.study for one in found.differences} == {"inverse-scaling"}


@pytest.mark.parametrize(
    ("call", "given", "hint"),
    [
        (lambda r: taskscope.run("task-vector"), "unknown study", "task-vectors"),
        (lambda r: taskscope.run("task-vectors", "planted-vectr"), "planted-vectr", "planted-vector"),
        (lambda r: taskscope.run("task-vectors", "planted-vector", kk=3), "no parameter 'kk'", "k"),
        (lambda r: r["task-vectors"], "no study 'task-vectors'", ""),
        (lambda r: r.chart("nothing"), "no figure 'nothing'", ""),
        (lambda r: taskscope.open_run("no-such-run"), "no-such-run", ""),
    ],
)
def test_errors_say_what_to_try(result, call, given, hint) -> None:
    with pytest.raises(TaskscopeError) as caught:
        call(result)
    assert given in caught.value.given and hint in caught.value.hint


@pytest.mark.skipif(find_spec("pandas") is not None, reason="pandas is installed")
def test_pandas_is_asked_for_only_where_it_is_missing(result) -> None:
    with pytest.raises(StudyError, match="pandas"):
        result.to_pandas()


@pytest.mark.skipif(find_spec("pandas") is None, reason="pandas is not installed")
def test_rows_as_a_data_frame(result) -> None:
    assert list(result.to_pandas().columns) == result.rows.column_names


def test_importing_costs_nothing_heavy() -> None:
    code = (
        "import sys, taskscope; assert set(taskscope.__all__) >= {'run', 'open_run', 'compare', 'load'};"
        "heavy = {'torch', 'transformers', 'altair', 'numpy', 'pyarrow', 'pydantic'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
