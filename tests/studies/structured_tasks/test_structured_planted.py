"""The study's own controls: a learner whose way of learning is known gets the verdicts it must get."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pyarrow as pa
import pytest

from taskscope.engines.measuring import resolve
from taskscope.models.identity import identify, reference
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.models.untrained import untrained
from taskscope.report.findings import Finding, Verdict
from taskscope.studies.base import PlannedModel
from taskscope.studies.request import parse_overrides
from taskscope.studies.structured_tasks.analysis import analyse
from taskscope.studies.structured_tasks.params import StructuredTaskParams, profile
from taskscope.studies.structured_tasks.study import STRUCTURED_TASKS

PAGE = Path(__file__).parents[3] / "docs" / "studies" / "structured_tasks.md"
FEW_WORDS = ("sentiment-few", "topics-few")
PARAMS = StructuredTaskParams(
    shots=(4, 32), n_repetitions=10, n_queries=16, cipher_ladder=(), cipher_kinds=(), n_maps=40, n_natural=12,
    n_word_sets=4, n_text_sets=2, n_text_queries=8, nested=(), spoken=(),
    n_stage_maps=0, draws=500,
)  # fmt: skip
"""Fewer draws than the standard profile and the same demonstrations: the sizes of the page's table."""

QUICK = PARAMS.model_copy(
    update={"tasks": ("topics-few",), "shots": (4, 32), "n_repetitions": 6, "n_queries": 8}
    | {"n_maps": 12, "n_natural": 4, "n_word_sets": 2, "n_text_queries": 4}
    | {"map_shots": 16, "learners": ("token_logistic",)}
)
"""As few as the rules take for enough to judge by."""


def findings(name: str, params: StructuredTaskParams, trained: bool = True) -> dict[str, Finding]:
    """Measure and judge one built-in model, or one of its make that has learned nothing."""
    spec = ModelSpec(name=name)
    known, model = identify(spec), load(spec)
    model = model if trained else untrained(model)
    planned = PlannedModel(
        ref=reference(spec), n_blocks=known.n_blocks, n_parameters=known.n_parameters, context=known.context
    )
    tables = []
    for cell in STRUCTURED_TASKS.plan(params, [planned]):
        rows = resolve(cell.measure)(cell, model).rows
        front = {"model": name, "task": cell.tasks[0].name, "seed": cell.seed}
        for at, (column, value) in enumerate(front.items()):
            rows = rows.add_column(at, column, pa.repeat(pa.scalar(value), rows.num_rows))
        tables.append(rows)
    rows = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
    return {finding.claim: finding for finding in analyse(rows, params)}


@pytest.mark.slow
def test_h1_holds_of_the_selector() -> None:
    """It was trained on a few fixed tasks alone, and under new names it guesses."""
    found = findings("selector", PARAMS)
    assert found["H1"].verdict is Verdict.SUPPORTED, found["H1"].reason
    assert found["H2"].verdict is not Verdict.SUPPORTED, found["H2"].reason
    assert found["H3"].verdict is not Verdict.SUPPORTED, found["H3"].reason


@pytest.mark.slow
def test_h1_holds_of_the_selector_on_texts_that_are_easy_to_learn() -> None:
    """On the sets that the others are judged on: logistic regression learns them, the selector not."""
    found = findings("selector", PARAMS.model_copy(update={"tasks": FEW_WORDS, "n_maps": 12}))
    assert found["H1"].verdict is Verdict.SUPPORTED, found["H1"].reason
    assert found["H2"].verdict is Verdict.CONTRADICTED, found["H2"].reason
    assert found["H3"].verdict is Verdict.INCONCLUSIVE, found["H3"].reason


@pytest.mark.slow
def test_h2_holds_of_the_learner_and_nothing_else_does() -> None:
    """It was trained on words and labels that were new in every sequence."""
    found = findings("learner", PARAMS.model_copy(update={"tasks": FEW_WORDS, "n_maps": 12}))
    assert found["H2"].verdict is Verdict.SUPPORTED, found["H2"].reason
    assert found["H1"].verdict is Verdict.CONTRADICTED, found["H1"].reason
    assert found["H3"].verdict is Verdict.CONTRADICTED, found["H3"].reason


@pytest.mark.slow
def test_h3_holds_of_the_composer() -> None:
    """It was trained on tasks and on renamings, and shown both at once for other tasks alone."""
    found = findings("composer", PARAMS.model_copy(update={"tasks": FEW_WORDS}))
    assert found["H3"].verdict is Verdict.SUPPORTED, found["H3"].reason
    assert found["H1"].verdict is Verdict.CONTRADICTED, found["H1"].reason
    assert found["H2"].verdict is not Verdict.SUPPORTED, found["H2"].reason


@pytest.mark.slow
def test_nothing_holds_of_a_model_that_does_none_of_the_tasks() -> None:
    """The smallest model of the family learns nothing from demonstrations."""
    for finding in findings("pico-xs", PARAMS).values():
        assert finding.verdict is Verdict.INCONCLUSIVE, finding.reason


def test_the_page_says_how_its_table_is_made() -> None:
    """The command under *Run it* asks both sets of few words at the sizes of `PARAMS`."""
    text = PAGE.read_text(encoding="utf-8").replace("\\\n", " ")
    (line,) = re.findall(r"^taskscope run structured-tasks .*n_maps=.*$", text, re.M)
    words = shlex.split(line)
    given: dict[str, list[str]] = {}
    for option, value in zip(words[3::2], words[4::2], strict=True):
        given.setdefault(option, []).append(value)
    assert given["-m"] == ["selector", "learner", "composer"]
    sizes = profile(*given["--profile"]).model_copy(update=parse_overrides(given["--set"]))
    # Queries of stages are no matter where no stages are measured.
    wanted = PARAMS.model_copy(update={"tasks": FEW_WORDS, "n_stage_queries": sizes.n_stage_queries})
    assert sizes.model_copy(update={"tasks": tuple(given["-t"])}) == wanted


def test_nothing_holds_of_a_model_that_was_never_trained() -> None:
    """Random weights of the selector's make, on texts that are easy to learn."""
    found = findings("selector", QUICK, trained=False)
    assert set(found) == {"H1", "H2", "H3"}
    for finding in found.values():
        assert finding.verdict is Verdict.INCONCLUSIVE, finding.reason


def test_what_the_quick_sizes_find_on_the_learner() -> None:
    """So they are no reason for finding nothing on a model that was never trained."""
    assert findings("learner", QUICK)["H2"].verdict is Verdict.SUPPORTED
