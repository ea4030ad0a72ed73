"""The words of the page in other languages: what a template says, and the plain part of each account.

A text without a translation stays as it is, so that a new claim or button never breaks a page.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

from taskscope.errors import TaskscopeError, nearest
from taskscope.report import wording
from taskscope.report.document import Report, StudyPage

TRANSLATED = ("ja",)
LANGUAGES = ("en", *TRANSLATED)


def check(language: str) -> str:
    """Return the language if its words are here.

    Raises:
        TaskscopeError: If they are not.
    """
    if language not in LANGUAGES:
        raise TaskscopeError(
            f"language {language!r}", f"one of {', '.join(LANGUAGES)}", nearest(language, LANGUAGES)
        )
    return language


def translator(language: str) -> Callable[[str], str]:
    """Return the function that turns the words of a template into this language."""
    words = _words(language)["page"] if language in TRANSLATED else {}
    return lambda text: words.get(text, text)


def counter(language: str) -> Callable[[int, str], str]:
    """Return the function that counts things in this language, as `wording.count` does in English."""
    if language not in TRANSLATED:
        return wording.count
    words = _words(language)["counts"]
    return lambda n, thing: words[thing].format(n=n) if thing in words else wording.count(n, thing)


def translated(report: Report, language: str) -> Report:
    """Return the report with the plain parts of its accounts, and the titles of claims, in this language."""
    if language not in TRANSLATED:
        return report
    words = _words(language)
    pages = tuple(_page(page, words["accounts"].get(page.account.name, {})) for page in report.pages)
    question = words["page"].get(report.question, report.question)
    return report.model_copy(update={"pages": pages, "language": language, "question": question})


def _page(page: StudyPage, words: dict[str, Any]) -> StudyPage:
    titles = words.get("claims", {})
    plain = {name: text for name, text in words.items() if name != "claims"}
    claims = tuple(
        claim.model_copy(update={"title": titles.get(claim.number, claim.title)})
        for claim in page.account.claims
    )
    findings = tuple(
        finding.model_copy(update={"title": titles.get(finding.claim, finding.title)})
        for finding in page.findings
    )
    account = page.account.model_copy(update={**plain, "claims": claims})
    return page.model_copy(update={"account": account, "findings": findings})


@cache
def _words(language: str) -> dict[str, Any]:
    path = resources.files("taskscope.report.languages").joinpath(f"{language}.json")
    return json.loads(path.read_text(encoding="utf-8"))
