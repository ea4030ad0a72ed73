"""The page in Japanese: every word of the templates, every account, English where nothing is translated."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

import pytest

from report_sample import report
from taskscope.errors import TaskscopeError
from taskscope.report.document import QUESTION, StudyPage
from taskscope.report.guide import GLOSSARY, GUIDE
from taskscope.report.languages import SCRIPT, TRANSLATED, check, counter, translated, translator
from taskscope.report.page import page_html
from taskscope.studies.catalogue import ACCOUNTS

OTHERS = TRANSLATED
FACTS = ("profile", "cells", "measured by code", "checkout")
"""Lines of the provenance, named where a run is published."""
BUILT = {
    "interval to",
    "change of the margin (sd)",
    "log-log slope of the gap between kernel regression and exact Bayes, from 64 demonstrations",
    "saved against one law for all (nats)",
}
"""Terms that a study puts together from parts."""
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
    needed = (
        SAID | states | {QUESTION, *GUIDE, *SCRIPT, *FACTS} | {text for pair in GLOSSARY for text in pair}
    )
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


@pytest.mark.parametrize("language", OTHERS)
def test_every_term_is_one_that_a_study_uses(language: str) -> None:
    package = Path(str(resources.files("taskscope")))
    source = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    joined = re.sub(r'"\s*\n\s*f?"', "", source)
    assert {term for term in words(language)["terms"] if term not in joined} == BUILT


def test_axes_are_translated_and_data_are_not() -> None:
    sample = report()
    (page, *_) = translated(sample, "ja").pages
    own = sample.pages[0].figures[0].spec, page.figures[0].spec
    assert own[0]["datasets"] == own[1]["datasets"]
    plain, foreign = (json.dumps(spec, ensure_ascii=False) for spec in own)
    assert '"title": "interval from"' in plain and '"title": "interval from"' not in foreign
    assert '"title": "区間の下端"' in foreign
    here, there = sample.pages[0].findings[0], page.findings[0]
    assert (here.unit, there.unit) == ("queries", "クエリ") and here.statement == there.statement


def test_a_text_without_a_translation_stays_as_it_is() -> None:
    assert translator("ja")("A new button") == "A new button"
    assert counter("ja")(3, "new thing") == "three new things"
    assert counter("ja")(3, "control") == "対照3件"
    own, given = translated(report(), "ja").pages[0], report().pages[0]  # an account that nobody translated
    # Axes, units and quantities are terms of all accounts; everything else is the account's own.
    assert own.account == given.account
    assert (own.tables, own.failures, own.notes, own.command) == (
        given.tables,
        given.failures,
        given.notes,
        given.command,
    )
    assert [f.model_copy(update={"spec": {}}) for f in own.figures] == [
        f.model_copy(update={"spec": {}}) for f in given.figures
    ]
    assert [f.statement for f in own.findings] == [f.statement for f in given.findings]


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(TaskscopeError, match="'jp'") as caught:
        check("jp")
    assert "ja" in caught.value.hint
