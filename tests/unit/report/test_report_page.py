"""The page: whole, closed to the network, safe against every text in it, and readable without eyes."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from reading import Page

import report_sample as sample
from report_poison import HOSTILE, poison
from taskscope.report import charts
from taskscope.report.charts import Axis
from taskscope.report.document import Report, StudyPage
from taskscope.report.findings import Control, Verdict
from taskscope.report.page import card_html, page_html, write_page

MODELS = ("pico-s", "EleutherAI/pythia-160m", "gpt2")


@pytest.fixture(scope="module")
def html() -> str:
    return page_html(sample.report())


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


@pytest.fixture(scope="module")
def several() -> Page:
    return Page(page_html(sample.report(MODELS)))


def text_of(page: Page, name: str) -> list[str]:
    return [" ".join(e.text.split()) for e in page.with_class(name)]


# ---- what is on it


def test_the_question_comes_first_and_every_account_has_a_row(page: Page) -> None:
    assert [h.text for h in page.all("h1")] == [
        "What does a language model do with a task it is shown in context?"
    ]
    assert len(page.with_class("account")) == 6
    assert len(page.with_class("quiet")) == 5


def test_the_lead_counts_accounts_and_names_the_models(page: Page, several: Page) -> None:
    assert text_of(page, "lead")[0].startswith(
        "Six published accounts answer it differently. Here is one account measured on pico-s, claim by claim"
    )
    assert "on pico-s, EleutherAI/pythia-160m and gpt2," in text_of(several, "lead")[0]


def test_claims_show_their_verdict_as_word_and_icon(page: Page) -> None:
    items = [e for e in page.all("li") if "ul" in e.parents and "account" not in e.classes][:5]
    words = ["supported", "contradicted", "inconclusive", "not yet", "not yet"]
    for item, word in zip(items, words, strict=True):
        assert " ".join(item.text.split()).endswith(word)
    for chip in page.with_class("chip"):
        place = page.elements.index(chip)
        assert page.elements[place + 1].tag == "svg"
        assert chip.text.strip()


def test_the_tally_counts_verdicts_over_models_and_what_is_missing(several: Page) -> None:
    assert [int(t) for t in text_of(several, "tally")] == [3, 3, 3, 2 + 3 + 4 * 5]


def test_studies_that_were_not_run_say_so_and_ask_their_question(page: Page) -> None:
    states = [text_of(page, "state")[i] for i in range(5)]
    assert states == ["not run", *["not yet built"] * 4]
    assert "Do larger models get worse at some tasks?" in page.with_class("quiet")[2].text


def test_several_models_stand_beside_each_other(several: Page) -> None:
    matrix = several.with_class("matrix")[0]
    assert all(model in matrix.text for model in MODELS)
    cells = [e for e in several.all("td") if "matrix" not in e.classes and "table" in e.parents]
    assert cells
    assert [o.text for o in several.all("option")] == [*MODELS, "all, one below the other"]
    assert [e.attributes["data-model"] for e in several.elements if "data-model" in e.attributes] == [
        "1",
        "2",
        "3",
    ]


def test_a_finding_shows_estimate_interval_n_control_and_reason(page: Page) -> None:
    card = " ".join(page.with_class("finding")[0].text.split())
    for part in (
        "C1",
        "supported",
        "share of the accuracy that is restored",
        "0.830 [0.780, 0.870]",
        "n = 120 queries",
        "Vector of another task judged against this 0.210 [0.150, 0.270]",
        "Random vector of equal length 0.040",
        "Published: LLaMA 7B 0.870",
        "The interval lies above",
    ):
        assert part in card


def test_many_controls_stand_behind_the_one_judged_against() -> None:
    finding = sample.finding("C1", "One", "m", Verdict.SUPPORTED)
    more = tuple(Control(name=f"c{i}", label=f"Control {i}", estimate=0.01 * i) for i in range(3))
    card = Page(card_html([finding.model_copy(update={"controls": (*finding.controls, *more)})]))
    hidden = card.with_class("more")[0]
    assert "four other controls" in hidden.text
    assert "Control 2" in hidden.text
    assert "Vector of another task" not in hidden.text
    strongest = card.with_class("strongest")
    assert ["Vector of another task" in row.text for row in strongest] == [True]


def test_every_figure_has_its_sentence_its_description_and_a_drawing(page: Page) -> None:
    plots = [e for e in page.elements if "data-figure" in e.attributes]
    assert len(plots) == len(page.figures) == 3
    for plot in plots:
        assert plot.attributes["role"] == "img"
        assert plot.attributes["aria-label"]
        following = page.elements[page.elements.index(plot) + 1]
        assert following.tag in ("svg", "img")
    assert len([e for e in page.with_class("see") if e.text]) == 3


def test_the_page_carries_the_data_of_its_charts(page: Page) -> None:
    spec = next(f["spec"] for f in page.figures.values() if f["name"] == "pico-s-forest")
    assert spec["datasets"] == sample.forest()["datasets"]
    assert spec["layer"] == sample.forest()["layer"]


def test_commands_failures_notes_and_provenance_are_there(page: Page) -> None:
    commands = [e.text for e in page.all("code")]
    assert "taskscope run task-vectors -m pico-s --profile standard --seed 0" in commands
    assert "taskscope run all -m pico-s" in commands
    body = page.all("body")[0].text
    for part in ("One cell could not be measured", "Out of memory.", "One task was left out", "sha256:0f0f",
                 "1,234,567", "torch 2.13.0", "0, 1, 2"):  # fmt: skip
        assert part in body


def test_a_table_can_be_downloaded(page: Page) -> None:
    link = next(e for e in page.all("a") if "download" in e.attributes)
    assert link.attributes["download"] == "by-task.csv"
    assert link.attributes["href"].startswith("data:text/csv;charset=utf-8,task%2Caccuracy%2Cn%2Cnone%0A")


def test_a_page_with_a_large_heatmap_is_still_small_enough_to_mail() -> None:
    cells = [{"a": i, "b": j, "v": (i * j) % 7 / 7 + i} for i in range(67) for j in range(67)]
    figure = sample.figure("big", charts.heatmap(cells, Axis("v", "value"), x="a", y="b"), None)
    study = sample.report().pages[0].model_copy(update={"figures": (figure,)})
    html = page_html(Report(pages=(study,)))
    images = Page(html).all("img")
    assert images
    assert all(i.attributes["src"].startswith("data:image/png;base64,") for i in images)
    assert len(html) < 2_000_000


def test_a_page_without_any_study_run_says_so() -> None:
    listed = tuple(p for p in sample.report().pages if not p.ran)
    page = Page(page_html(Report(pages=listed)))
    assert "None of them was measured in this run." in text_of(page, "lead")[0]


def test_a_study_of_pure_theory_needs_no_model() -> None:
    study = (
        sample.report().pages[0].model_copy(update={"findings": (), "figures": (), "tables": (), "notes": ()})
    )
    page = Page(page_html(Report(pages=(study,))))
    assert "measured on theory alone" in text_of(page, "lead")[0]
    assert [" ".join(c.text.split()) for c in page.with_class("not-measured")] == ["not measured"] * 3


# ---- closed and safe


def test_nothing_is_loaded_from_anywhere(html: str, page: Page) -> None:
    for element in page.elements:
        assert element.tag not in ("link", "iframe", "object", "embed", "base", "form")
        for name in ("src", "href", "xlink:href", "action", "srcset", "poster", "data"):
            address = element.attributes.get(name, "#")
            assert address.startswith(("#", "data:")), f"<{element.tag} {name}={address!r}>"
    for style in [e.text for e in page.all("style")] + [e.attributes.get("style", "") for e in page.elements]:
        assert "@import" not in style
        assert not re.findall(r"url\((?!#|['\"]?#)", style)
    policy = next(e.attributes["content"] for e in page.all("meta") if "http-equiv" in e.attributes)
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy


def test_a_page_with_several_models_is_small_enough_to_mail(html: str) -> None:
    assert len(html.encode()) < 1_300_000
    assert len(page_html(sample.report(("a", "b", "c", "d"))).encode()) < 2_000_000


@pytest.fixture(scope="module")
def poisoned() -> Page:
    return Page(page_html(poison(sample.report(), HOSTILE)))


def test_no_text_becomes_markup(page: Page, poisoned: Page) -> None:
    def outline(p: Page) -> list[tuple[str, tuple[str, ...]]]:
        return [(e.tag, e.parents) for e in p.elements if "svg" not in (*e.parents, e.tag)]

    assert outline(poisoned) == outline(page)
    drawn = {e.tag for e in poisoned.elements if "svg" in e.parents}
    assert drawn <= {"g", "path", "line", "text", "rect", "tspan", "circle", "defs", "clippath"}
    for element in poisoned.elements:
        assert not [a for a in element.attributes if a.startswith("on")]


def test_hostile_text_is_shown_as_it_is(poisoned: Page) -> None:
    assert poisoned.all("h1")[0].text.endswith(HOSTILE)
    assert poisoned.with_class("statement")[0].text.endswith(HOSTILE)
    assert all(f["name"].endswith(HOSTILE) for f in poisoned.figures.values())
    rows = next(iter(poisoned.figures.values()))["spec"]["datasets"]["data"]
    assert any(str(row.get("series", "")).endswith(HOSTILE) for row in rows)


def test_a_card_is_safe_too() -> None:
    findings = sample.report().pages[0].findings
    clean, hostile = card_html(findings), card_html(poison(findings, HOSTILE), title=HOSTILE)
    tags = [e.tag for e in Page(clean).elements]
    assert [e.tag for e in Page(hostile).elements if e.tag != "h3"] == tags
    assert "script" not in tags


# ---- readable by everyone


def test_headings_do_not_skip_a_level(page: Page, several: Page) -> None:
    for each in (page, several):
        levels = [int(h.tag[1]) for h in each.all("h1", "h2", "h3", "h4", "h5", "h6")]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_landmarks_and_a_way_past_the_navigation(page: Page) -> None:
    assert len(page.all("main")) == 1
    assert page.all("html")[0].attributes["lang"] == "en"
    assert all("aria-label" in nav.attributes for nav in page.all("nav"))
    assert page.all("a")[0].classes == {"skip"}
    for section in page.all("section"):
        names = {e.attributes.get("id") for e in page.elements}
        assert section.attributes["aria-labelledby"] in names


def test_ids_are_unique_and_links_lead_somewhere(several: Page) -> None:
    ids = [e.attributes["id"] for e in several.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    targets = {
        e.attributes["href"][1:] for e in several.all("a") if e.attributes.get("href", "").startswith("#")
    }
    assert targets <= set(ids)


def test_scrolling_regions_can_be_reached_by_keyboard(several: Page) -> None:
    assert several.with_class("scroll")
    for region in several.with_class("scroll"):
        assert region.attributes["tabindex"] == "0"
        assert region.attributes["aria-label"]


# ---- the same every time


def test_the_same_report_gives_the_same_page_in_any_process(html: str) -> None:
    program = (
        "import hashlib, report_sample\n"
        "from taskscope.report.page import page_html\n"
        "page_html(report_sample.report(('another',)))\n"
        "print(hashlib.sha256(page_html(report_sample.report()).encode()).hexdigest())"
    )
    environment = os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": str(Path(sample.__file__).parent)}
    there = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert there == hashlib.sha256(html.encode()).hexdigest()


def test_writing_replaces_the_page_in_one_step(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("an older page")
    assert write_page(target, Report(pages=())) == target
    assert target.read_text(encoding="utf-8") == page_html(Report(pages=()))
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("taskscope.report.findings", {"altair", "jinja2", "vl_convert", "torch", "numpy", "pandas"}),
        ("taskscope.report.document", {"altair", "jinja2", "vl_convert", "torch", "numpy", "pandas"}),
        ("taskscope.report.page", {"altair", "torch", "pandas"}),
        ("taskscope.report.charts", {"torch", "pandas"}),
    ],
)
def test_imports_stay_light(module: str, absent: set[str]) -> None:
    program = f"import sys, {module}; print(*{absent!r} & set(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert not loaded.split()


def test_a_page_is_data_that_survives_json() -> None:
    report = sample.report()
    assert Report.model_validate_json(report.model_dump_json()) == report
    assert isinstance(report.pages[0], StudyPage)
