"""The page of `taskscope look` in a real browser: nothing overflows, and a head can be chosen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Chromium, find

from taskscope.look.measure import look
from taskscope.look.page import page
from taskscope.look.parse import parse
from taskscope.models.loading import load
from taskscope.report.page import write_panels

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find() is None, reason="no Chromium on this machine"),
]
PROMPT = "go->going\nsee->seeing\neat->eating\nplay->playing\nwalk->"
BARS = "[...document.querySelectorAll('[data-strip=\"attention-2\"] .token')].map(t => t.title).join()"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    chromium = Chromium(find() or "")
    yield chromium
    chromium.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = look(load("planted-vector"), parse(PROMPT))
    return write_panels(tmp_path_factory.mktemp("look") / "look.html", page(found, "taskscope look", {}))


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_and_asks_for_nothing(browser: Chromium, written: Path, width: int, dark: bool) -> None:
    browser.open(written, width=width, dark=dark)
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    browser.draw()
    assert browser.js("document.documentElement.scrollWidth") == width
    assert browser.complaints == []
    assert browser.requests == [written.as_uri()]
    drawn = "[...document.querySelectorAll('[data-figure]')].every(p => p.dataset.drawn === 'live')"
    assert browser.js(drawn)


def test_choosing_a_head_shows_its_weights_and_says_so(browser: Chromium, written: Path) -> None:
    browser.open(written)
    before = browser.js(BARS)
    strip = "document.querySelector('[data-strip=\"attention-2\"]')"
    browser.js(
        f"{strip}.querySelector('select').value = '3';"
        f"{strip}.querySelector('select').dispatchEvent(new Event('change'))"
    )
    assert browser.js(BARS) != before
    chosen = browser.js(f"{strip}.querySelector('select').selectedOptions[0].textContent")
    assert chosen in browser.js(f"{strip}.querySelector('.strip').getAttribute('aria-label')")


def test_without_scripts_everything_is_there_but_the_choice(browser: Chromium, written: Path) -> None:
    browser.open(written, scripts=False)
    assert browser.visible(".panel") == 4
    assert browser.visible(".strip") == 3
    assert browser.visible(".plot svg, .plot img") >= 3
    assert browser.visible("select") == 0


def test_an_attack_in_the_prompt_does_nothing(browser: Chromium, tmp_path: Path) -> None:
    taken = "document.title='taken'"
    prompt = f"<script>{taken}</script>->x\n</script><img/src=x/onerror={taken}>->y\n<svg/onload={taken}>->"
    found = look(load("planted-vector"), parse(prompt))
    target = write_panels(tmp_path / "look.html", page(found, f"taskscope look '{prompt}'", {prompt: prompt}))
    browser.open(target)
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    browser.draw()
    assert browser.js("document.title") != "taken"
    assert browser.js("document.querySelectorAll('img').length") == 0
    assert browser.js("[...document.querySelectorAll('*')].filter(e => e.onerror || e.onload).length") == 0
    assert "onerror=" in browser.js("document.querySelector('main').textContent")
    assert browser.complaints == [] and browser.requests == [target.as_uri()]
