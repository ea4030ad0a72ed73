"""The page in a real browser: charts, network, narrow screens, themes, keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Chromium, find

import report_sample as sample
from report_poison import poison
from taskscope.report import charts, theme
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure
from taskscope.report.page import write_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find() is None, reason="no Chromium on this machine"),
]

MODELS = ("pico-s", "EleutherAI/pythia-160m", "gpt2")
SHOWN = "[...document.querySelectorAll('[data-figure]')].filter(p => p.offsetParent)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    chromium = Chromium(find() or "")
    yield chromium
    chromium.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page over three models."""
    return write_page(tmp_path_factory.mktemp("page") / "report.html", sample.report(MODELS))


LONG = ("a condition whose name is long", "another one", "no demonstrations, the same dummies")


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with one chart, whose rows and conditions have long names."""
    rows = [
        {"task": task, "what": name, "value": 0.1 * i, "low": 0.1 * i - 0.05, "high": 0.1 * i + 0.05}
        for task in sample.TASKS
        for i, name in enumerate(LONG)
    ]
    spec = charts.intervals(rows, Axis("value", "share"), row="task", low="low", high="high", series="what")
    drawn = Figure(name="long", title="Long names", see="Long.", alt="Long names.", spec=spec)
    report = sample.report(MODELS[:1])
    first, *others = report.pages
    pages = (first.model_copy(update={"figures": (drawn,)}), *others)
    path = tmp_path_factory.mktemp("wide") / "report.html"
    return write_page(path, report.model_copy(update={"pages": pages}))


def colour_of_main_line(browser: Chromium) -> str:
    line = f"[...{SHOWN}[0].querySelectorAll('path[stroke=\"{theme.CATEGORIES[0]}\"]')][0]"
    return browser.js(f"getComputedStyle({line}).stroke")


def rgb(colour: str) -> str:
    return "rgb({}, {}, {})".format(*(int(colour[i : i + 2], 16) for i in (1, 3, 5)))


@pytest.mark.parametrize(("width", "columns"), [(400, 2), (1400, 3)])
def test_charts_are_drawn_to_fit_and_nothing_leaves_the_page(
    browser: Chromium, page: Path, width: int, columns: int
) -> None:
    browser.open(page, width=width)
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    browser.draw()
    assert browser.js(f"{SHOWN}.length") == 3
    assert browser.js(f"{SHOWN}.every(p => p.dataset.drawn === 'live' && p.querySelector('svg path'))")

    assert browser.js("document.documentElement.scrollWidth") == width
    beyond = f"{SHOWN}.filter(p => p.querySelector('svg').getBoundingClientRect().right > innerWidth)"
    assert browser.js(f"{beyond}.length") == 0
    panels = f"[...{SHOWN}[0].querySelectorAll('.child_layer_0_pathgroup')]"
    assert browser.js(f"new Set({panels}.map(p => p.getBoundingClientRect().left)).size") == columns

    assert browser.complaints == []
    assert browser.requests == [page.as_uri()]


@pytest.mark.parametrize("width", [400, 1400])
def test_no_mark_or_word_of_a_chart_is_cut_off(browser: Chromium, wide: Path, width: int) -> None:
    """Legends begin at the axis, so that long names of rows push them out of a narrow chart."""
    browser.open(wide, width=width)
    browser.draw()
    (cut,) = browser.js(
        f"""{SHOWN}.map(p => [...p.querySelectorAll('text, path')]
            .map(e => [e.textContent, e.getBoundingClientRect(), p.getBoundingClientRect()])
            .filter(([, e, p]) => e.width && (e.left < p.left - 1 || e.right > p.right + 1))
            .map(([text, e]) => [text, e.left, e.right]))"""
    )
    assert cut == []
    assert browser.js(f"{SHOWN}.every(p => p.dataset.drawn === 'live')")
    assert (
        browser.js(f"{SHOWN}[0].querySelectorAll('.role-legend-entry .role-legend-symbol path').length") == 3
    )
    assert browser.complaints == []


def test_the_theme_follows_the_system_and_the_button(browser: Chromium, page: Path) -> None:
    main = theme.CATEGORIES[0]
    browser.open(page, dark=False)
    browser.draw()
    assert colour_of_main_line(browser) == rgb(main)
    browser.media(dark=True)
    assert colour_of_main_line(browser) == rgb(theme.SHADES[main])
    browser.wait("document.getElementById('theme').textContent === 'Light'")
    browser.js("document.getElementById('theme').click()")
    assert colour_of_main_line(browser) == rgb(main)
    assert browser.js("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    browser.js("document.getElementById('theme').click()")
    assert colour_of_main_line(browser) == rgb(theme.SHADES[main])
    browser.media(dark=True, paper=True)
    assert colour_of_main_line(browser) == rgb(main)
    browser.js("localStorage.clear()")


def test_the_keyboard_reaches_everything_that_acts(browser: Chromium, page: Path) -> None:
    browser.open(page)
    browser.press("Tab")
    assert browser.js("document.activeElement.className") == "skip"
    assert browser.js("document.activeElement.getBoundingClientRect().left") >= 0
    acts = "a[href]:not([tabindex='-1']), button, select, summary, [tabindex='0']"
    shown = f'[...document.querySelectorAll("{acts}")].filter(e => e.checkVisibility())'
    browser.js(f"{shown}.forEach((e, n) => e.dataset.turn = n)")
    reached = set()
    for _ in range(browser.js(f"{shown}.length") + 5):
        browser.press("Tab")
        if browser.js("document.activeElement === document.body"):
            break
        reached.add(browser.js("document.activeElement.dataset.turn"))
        assert browser.js("getComputedStyle(document.activeElement).outlineStyle") != "none"
    reached.add(browser.js("document.querySelector('.skip').dataset.turn"))
    missed = (
        f"{shown}.filter(e => !{sorted(reached)}.includes(e.dataset.turn)).map(e => e.outerHTML.slice(0, 80))"
    )
    assert browser.js(missed) == []
    kinds = " ".join(browser.js(f"{shown}.map(e => e.outerHTML.slice(0, 60))"))
    for part in (
        'id="theme"',
        "<select",
        "<summary",
        'class="copy',
        "data-save",
        'class="claims scroll"',
        "rests",
    ):
        assert part in kinds


def test_on_paper_charts_shrink_and_the_guide_is_open(browser: Chromium, page: Path) -> None:
    browser.open(page)
    browser.draw()
    browser.media(paper=True)
    # All in one call: a browser that prints does not draw again, one that shows a narrower page would.
    beyond = f"""(() => {{
      document.body.style.width = '640px';
      const right = (element) => element.getBoundingClientRect().right;
      return {SHOWN}.filter(p => right(p.querySelector('svg')) > right(p) + 1).length;
    }})()"""
    assert browser.js(beyond) == 0
    assert browser.js("document.querySelector('.guide li').checkVisibility({contentVisibilityAuto: true})")


def test_one_model_is_shown_at_a_time_until_all_are_chosen(browser: Chromium, page: Path) -> None:
    shown = (
        "[...document.querySelectorAll('[data-model]')].filter(m => m.offsetParent).map(m => m.dataset.model)"
    )
    browser.open(page)
    assert browser.js(shown) == ["1"]
    browser.js("const c = document.querySelector('[data-choose]'); c.focus()")
    browser.press("ArrowDown")
    browser.wait(f"JSON.stringify({shown}) === '[\"2\"]'")
    browser.draw()
    assert browser.js(f"{SHOWN}.every(p => p.dataset.drawn === 'live')")
    browser.js("c.value = 'all'; c.dispatchEvent(new Event('change'))")
    assert browser.js(shown) == ["1", "2", "3"]


def test_a_verdict_leads_to_the_finding_it_rests_on(browser: Chromium, page: Path) -> None:
    browser.open(page)
    links = "[...document.querySelectorAll('.overview a.rests')]"
    assert browser.js(f"{links}.length") == 3 * len(MODELS)
    assert browser.js(f"{links}.every(a => document.querySelector(a.getAttribute('href')))")
    last = f"document.querySelector({links}.at(-1).getAttribute('href'))"
    assert browser.js(f"{last}.offsetParent === null")
    browser.js(f"{links}.at(-1).click()")
    browser.wait(f"{last}.offsetParent && document.activeElement === {last}")
    assert browser.js(f"{last}.closest('[data-model]').dataset.model") == str(len(MODELS))
    browser.wait(
        f"{last}.getBoundingClientRect().top >= 0 && {last}.getBoundingClientRect().top < innerHeight"
    )


def test_a_command_can_be_copied(browser: Chromium, page: Path) -> None:
    browser.open(page)
    browser.js("document.querySelector('.copy').click()")
    browser.wait("document.querySelector('.copy').textContent !== 'Copy'")
    copied = browser.js("document.querySelector('.copy').textContent") == "Copied"
    assert copied or browser.js("getSelection().toString()").startswith("taskscope run task-vectors")


def test_without_scripts_the_page_still_shows_everything(browser: Chromium, page: Path) -> None:
    browser.open(page, scripts=False)
    plots = 1 + 2 * len(MODELS)
    assert browser.visible(".figure .plot") == plots
    assert browser.visible(".figure .plot > svg") == plots
    assert browser.visible(".thumbnail > svg") == 1
    assert browser.visible("button") == browser.visible("select") == 0
    assert browser.requests == [page.as_uri()]


def test_hostile_texts_do_nothing(browser: Chromium, tmp_path: Path) -> None:
    attack = (
        "</script><script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">"
    )
    report = sample.report((attack,))
    study = report.pages[0]
    study = study.model_copy(update={"figures": study.figures[:1], "command": attack})
    target = write_page(tmp_path / "hostile.html", report.model_copy(update={"pages": (study,)}))
    browser.open(target)
    browser.draw()
    assert browser.js("document.title").startswith("taskscope · </script>")
    assert browser.js("document.querySelectorAll('main img').length") == 0
    assert browser.complaints == []
    assert browser.requests == [target.as_uri()]


def test_an_attack_in_every_text_does_nothing(browser: Chromium, tmp_path: Path) -> None:
    """In prompts, labels, names of models and tasks, reasons, error messages and the data of charts."""
    taken = "document.title = 'taken'"
    attack = f'"\'></script></style><script>{taken}</script><img src=x onerror="{taken}"><svg onload={taken}>'
    clean = write_page(tmp_path / "clean.html", sample.report())
    target = write_page(tmp_path / "hostile.html", poison(sample.report(), attack))
    counted = {}
    for path in (clean, target):
        browser.open(path)
        browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
        browser.draw()
        # Vega adds the box of its tooltips when a chart is drawn a second time, with fewer columns of names.
        own = "!e.closest('svg') && e.id !== 'vg-tooltip-element'"
        tags = f"[...document.querySelectorAll('body *')].filter(e => {own}).map(e => e.tagName)"
        counted[path] = browser.js(tags)
        assert browser.js("document.title") != "taken"
        assert browser.complaints == [] and browser.requests == [path.as_uri()]
    assert counted[target] == counted[clean]
    assert browser.js("document.body.textContent.split('onerror=').length") > 50  # shown as text
    handlers = "[...document.querySelectorAll('*')].filter(e => e.onerror || e.onload).length"
    assert browser.js(handlers) == 0
