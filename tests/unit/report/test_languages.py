"""The page in Japanese: every word of the templates, every account, English where nothing is translated."""

from __future__ import annotations

import json
import re
from importlib import resources

import pytest

from report_sample import report
from taskscope.errors import TaskscopeError
from taskscope.report.document import QUESTION, StudyPage
from taskscope.report.guide import GLOSSARY, GUIDE
from taskscope.report.languages import TRANSLATED, check, counter, translated, translator
from taskscope.report.page import page_html
from taskscope.studies.catalogue import ACCOUNTS

OTHERS = TRANSLATED
TEMPLATES = resources.files("taskscope.report").joinpath("templates")
SAID = {
    text
    for name in ("macros", "page", "overview", "study", "provenance")
    for text in re.findall(
        r'\bt\("([^"]+)"', TEMPLATES.joinpath(f"{name}.html.jinja").read_text(encoding="utf-8")
    )
}


def words(language: str) -> dict:
    path = resources.files("taskscope.report.languages").joinpath(f"{language}.json")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", OTHERS)
def test_every_word_of_the_page_is_translated(language: str) -> None:
    states = {
        "supported",
        "contradicted",
        "inconclusive",
        "not yet",
        "not measured",
        "not run",
        "not yet built",
    }
    needed = SAID | states | {QUESTION, *GUIDE} | {text for pair in GLOSSARY for text in pair}
    assert len(SAID) > 30
    assert needed - set(words(language)["page"]) == set()


@pytest.mark.parametrize("language", OTHERS)
def test_every_account_is_translated_and_no_claim_is_invented(language: str) -> None:
    told = words(language)["accounts"]
    assert set(told) == {account.name for account in ACCOUNTS}
    for account in ACCOUNTS:
        assert set(told[account.name]) == {"title", "question", "says", "measured", "how_to_read", "claims"}
        assert set(told[account.name]["claims"]) <= {claim.number for claim in account.claims}


def test_a_japanese_page_says_so_and_keeps_numbers_and_names() -> None:
    pages = tuple(StudyPage(account=account, ran=False) for account in ACCOUNTS)
    sample = report(("pico-s", "pico-m"))
    sample = sample.model_copy(update={"pages": (sample.pages[0], *pages)})
    html, english = (page_html(translated(sample, language)) for language in ("ja", "en"))
    assert '<html lang="ja"' in html and '<html lang="en"' in english
    for text in ("支持", "判定保留", "タスクベクトル", "このページの読み方", "pico-s、pico-m"):
        assert text in html and text not in english
    for text in ("What the account says", "How to read this page", "Back to the verdicts"):
        assert text in english and text not in html
    # Findings keep their sentences and their numbers.
    statement = sample.pages[0].findings[0].statement
    assert statement in html and statement in english


def test_a_text_without_a_translation_stays_as_it_is() -> None:
    assert translator("ja")("A new button") == "A new button"
    assert counter("ja")(3, "new thing") == "three new things"
    assert counter("ja")(3, "control") == "対照3件"
    own = translated(report(), "ja").pages[0]  # an account that nobody translated
    assert own == report().pages[0]


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(TaskscopeError, match="'jp'") as caught:
        check("jp")
    assert "ja" in caught.value.hint
