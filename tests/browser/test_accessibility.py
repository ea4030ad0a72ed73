"""Every kind of page before axe-core, in light, in the dark and on a phone: nothing serious is found.

The script of axe-core comes with a package of the registry; see the rule for `.dev` in the Makefile.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import Chromium, find

import report_sample
from taskscope.look import measure, parse
from taskscope.look.page import page as look_page
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.report.page import write_page, write_panels
from taskscope.runs.store import RunFolder
from taskscope.studies import publish, runner
from taskscope.studies.comparing.differences import compare
from taskscope.studies.comparing.page import page as compare_page
from taskscope.studies.registry import ACCOUNTS
from taskscope.studies.request import RunRequest, StudyRequest

PACKAGE = importlib.util.find_spec("axe_playwright_python")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(find() is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(PACKAGE is None, reason="no axe-core: pip install --no-deps axe-playwright-python"),
]

FEW: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "structured-tasks": (
        ("selector",),
        {"n_repetitions": 2, "n_queries": 4, "n_maps": 4, "n_word_sets": 2, "n_text_sets": 2},
    ),
    "task-vectors": (
        ("planted-vector",),
        {"tasks": ["en-fr"], "n_dev": 6, "n_test": 8, "n_sets": 4, "n_conflicts": 4, "squares": []},
    ),
    "task-spaces": (("planted-groups",), {"tasks": ["planted-groups"]}),
    "inverse-scaling": (
        ("pico-xs", "pico-s"),
        {"tasks": ["memo-trap"], "n_items": 12, "beside": False, "shots": []},
    ),
    "kernel-regression": ((), {"parts": ["theory"]}),
    "skill-emergence": ((), {"parts": ["graphs"]}),
}
"""Models, and parameters in place of those of the smoke profile: enough for figures and tables."""
SCREENS = {"light": (1400, False), "dark": (1400, True), "phone": (400, False)}
# Charts are images with a description; what is drawn in them is no text to axe, and slow to walk through.
DRAWN = "document.querySelectorAll('.plot svg, .plot img').forEach(d => d.remove())"
OPEN = """
document.querySelectorAll('details').forEach(d => d.open = true);
document.querySelectorAll('[data-model]').forEach(m => m.removeAttribute('data-off'));
"""
# Some are drawn only while axe is at work; so they are left out as well.
FOUND = """
axe.run({exclude: [['.plot svg'], ['.plot img']]}, {resultTypes: ['violations']})
  .then(found => found.violations
  .filter(v => v.impact === 'serious' || v.impact === 'critical')
  .map(v => v.id + ': ' + v.nodes.slice(0, 5).map(n => n.target.join(' ')).join(', ')))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    chromium = Chromium(find() or "")
    yield chromium
    chromium.close()


def run_of(study: str, home: Path) -> RunFolder:
    models, overrides = FEW[study]
    request = RunRequest(
        studies=(StudyRequest(study=study, profile="smoke", overrides={**overrides, "draws": 100}),),
        models=tuple(ModelSpec(name=name) for name in models),
        command="made by a test",
    )
    plan = runner.plan(request)
    folder = runner.open_folder(home / study, plan)
    runner.execute(plan, folder, lambda event: None)
    return folder


def axe(browser: Chromium, page: Path, width: int, dark: bool, fault: str = "") -> list[str]:
    """Return the rules of axe-core that the page breaks seriously, with the places."""
    assert PACKAGE is not None and PACKAGE.origin is not None
    script = Path(PACKAGE.origin).with_name("axe.min.js").read_text(encoding="utf-8")
    browser.open(page, width=width, dark=dark)
    browser.js(f"{OPEN}{DRAWN};{fault};0")
    browser.js(f"{script};0")
    return browser.js(FOUND)


@pytest.mark.parametrize("study", FEW)
def test_nothing_serious_is_found(study: str, browser: Chromium, tmp_path: Path) -> None:
    # All screens in one test: however tests are shared out to processes, a study is run once.
    folder = run_of(study, tmp_path)
    pages = [publish.write(folder, runner.conclude(folder))]
    if study == "inverse-scaling":
        compared = compare([folder, folder], ["pico-xs", "pico-s"])
        pages.append(write_panels(tmp_path / "compare.html", compare_page(compared, "taskscope compare")))
    for page in pages:
        assert {screen: axe(browser, page, *how) for screen, how in SCREENS.items()} == {
            key: [] for key in SCREENS
        }


def test_nothing_serious_is_found_in_a_look(browser: Chromium, tmp_path: Path) -> None:
    found = measure.look(load("planted-vector"), parse.parse("go->going\nsee->seeing\neat->eating\nwalk->"))
    page = write_panels(tmp_path / "look.html", look_page(found, "taskscope look", {}))
    assert {screen: axe(browser, page, *how) for screen, how in SCREENS.items()} == {
        key: [] for key in SCREENS
    }


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_serious_is_found_where_models_failures_and_notes_stand(
    screen: str, browser: Chromium, tmp_path: Path
) -> None:
    page = write_page(
        tmp_path / "report.html", report_sample.report(("pico-s", "EleutherAI/pythia-160m", "c"))
    )
    assert axe(browser, page, *SCREENS[screen]) == []


def test_something_serious_would_be_found(browser: Chromium, tmp_path: Path) -> None:
    page = write_page(tmp_path / "report.html", report_sample.report())
    fault = """
    document.querySelector('.lead').style.color = '#bbb';
    document.querySelector('main').append(document.createElement('button'));
    """
    assert [found.partition(":")[0] for found in axe(browser, page, 1400, False, fault)] == [
        "button-name",
        "color-contrast",
    ]


def test_every_study_has_its_page() -> None:
    assert set(FEW) == {account.name for account in ACCOUNTS}
