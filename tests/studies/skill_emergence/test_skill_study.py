"""The study as a whole: planned, run without a model, judged, and refused where it cannot be."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from taskscope.cli.console import OK
from taskscope.cli.main import app
from taskscope.errors import StudyError
from taskscope.studies.base import PROFILES
from taskscope.studies.skill_emergence import explored, rows
from taskscope.studies.skill_emergence.cloze import rows as cloze
from taskscope.studies.skill_emergence.collage.rows import CONDITIONS
from taskscope.studies.skill_emergence.pairs import rows as pairs
from taskscope.studies.skill_emergence.params import PARTS, SkillEmergenceParams
from taskscope.studies.skill_emergence.settings import ENUMERATED, LARGE
from taskscope.studies.skill_emergence.study import SKILL_EMERGENCE

runner = CliRunner()


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_is_planned_without_a_model(name: str) -> None:
    params = SKILL_EMERGENCE.profile(name)
    cells = SKILL_EMERGENCE.plan(params, [])
    assert all(cell.model is None for cell in cells)
    trained = len(CONDITIONS) * params.n_trainings + len(params.collage_extras) * params.n_kind_trainings
    n = len(params.settings) + 4 + trained + len(params.kind_trainings)
    assert len({cell.key for cell in cells}) == len(cells) == n


def test_a_part_alone_keeps_its_cells() -> None:
    params = SKILL_EMERGENCE.profile("smoke")
    whole = {cell.key for cell in SKILL_EMERGENCE.plan(params, [])}
    parts = [
        {cell.key for cell in SKILL_EMERGENCE.plan(params.model_copy(update={"parts": (part,)}), [])}
        for part in PARTS
    ]
    assert set.union(*parts) == whole
    assert sum(map(len, parts)) == len(whole)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"parts": ("grafs",)}, "part 'grafs'"),
        ({"settings": (LARGE[0], LARGE[0])}, "named twice"),
        ({"settings": ENUMERATED}, "all enumerated"),
        ({"settings": (LARGE[0].model_copy(update={"enumerated": True}), LARGE[1])}, "at most 20 skills"),
        ({"settings": (LARGE[0].model_copy(update={"k": 30}),)}, "no more skills in a text"),
        ({"collage_extras": ("prob",)}, "did you mean 'probe'"),
        ({"collage_extras": ("probe", "probe")}, "named twice"),
        ({"law": "hofman"}, "did you mean 'hoffmann'"),
    ],
)
def test_what_cannot_be_simulated_is_refused(changed: dict, match: str) -> None:
    with pytest.raises(StudyError, match=match):
        SKILL_EMERGENCE.plan(SkillEmergenceParams().model_copy(update=changed), [])


def test_a_run_needs_no_model_and_ends_in_a_page(tmp_path: Path) -> None:
    asked = ["run", "skill-emergence", "--profile", "smoke", "--out", str(tmp_path / "run"), "--json"]
    result = runner.invoke(app, asked)
    assert result.exit_code == OK, result.output
    verdicts = {finding["claim"]: finding["verdict"] for finding in json.loads(result.stdout)}
    assert verdicts == {
        **{"1": "inconclusive", "2": "inconclusive"},  # milestones of four trainings
        **{"3": "inconclusive", "8": "inconclusive"},  # one training is too few
        **{"5": "supported", "6": "supported"},
    }
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "skills in clusters" in page and "Corollary 13" in page
    assert "Collages of the test, and what is on top" in page
    assert (tmp_path / "run" / "figures" / "skill-emergence-pictures.svg").is_file()


def test_other_studies_still_ask_for_a_model() -> None:
    with pytest.raises(StudyError, match="no model given"):
        runner.invoke(app, ["run", "structured-tasks"], catch_exceptions=False)


def test_every_value_of_every_slider_is_in_the_page() -> None:
    spec = explored.figure().spec
    rows = spec["datasets"]["data"]
    sliders = (explored.THETA, explored.K, explored.ALPHA)
    counts = [round((s.high - s.low) / s.step) + 1 for s in sliders]
    assert len(rows) == len({(r["theta"], r["k"], r["alpha"]) for r in rows}) == math.prod(counts)
    for slider in sliders:
        assert slider.start in {row[slider.field] for row in rows}
    (start,) = (r for r in rows if all(r[s.field] == s.start for s in sliders))
    assert start["t"] == pytest.approx(0.69328, abs=5e-4)  # the protocol's anchor
    assert all(row["g"] - 1e-9 <= row["t"] <= row["e"] + 1e-9 for row in rows)
    assert len(json.dumps(rows)) < 150_000


def test_the_rows_of_all_parts_go_together() -> None:
    """One run holds them all; their columns are merged by name."""
    schemas = [*rows.SCHEMAS.values(), pairs.SCHEMA, cloze.SCHEMA]
    assert set(pa.unify_schemas(schemas).names) == {name for schema in schemas for name in schema.names}
