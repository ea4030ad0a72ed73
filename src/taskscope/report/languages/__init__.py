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
SCRIPT = ("Copy", "Copied", "Selected: press Ctrl+C", "Light", "Dark", "Light colours", "Dark colours")
"""What the page's script says."""


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


def of_the_script(language: str) -> dict[str, str]:
    """Return what the script of the page says, in this language."""
    said = translator(language)
    return {text: said(text) for text in SCRIPT}


def counter(language: str) -> Callable[[int, str], str]:
    """Return the function that counts things in this language, as `wording.count` does in English."""
    if language not in TRANSLATED:
        return wording.count
    words = _words(language)["counts"]
    return lambda n, thing: words[thing].format(n=n) if thing in words else wording.count(n, thing)


def translated(report: Report, language: str) -> Report:
    """Return the report in this language: accounts, titles of claims, and the words for what is measured.

    Titles of figures, sentences with numbers in them, names of controls (which legends show too) and tables
    stay English.
    """
    if language not in TRANSLATED:
        return report
    words = _words(language)
    pages = tuple(
        _page(page, words["accounts"].get(page.account.name, {}), words["terms"]) for page in report.pages
    )
    question = words["page"].get(report.question, report.question)
    return report.model_copy(update={"pages": pages, "language": language, "question": question})


def _page(page: StudyPage, words: dict[str, Any], terms: dict[str, str]) -> StudyPage:
    titles = words.get("claims", {})
    plain = {name: text for name, text in words.items() if name != "claims"}
    claims = tuple(
        claim.model_copy(update={"title": titles.get(claim.number, claim.title)})
        for claim in page.account.claims
    )
    findings = tuple(
        finding.model_copy(
            update={
                "title": titles.get(finding.claim, finding.title),
                "quantity": terms.get(finding.quantity, finding.quantity),
                "unit": terms.get(finding.unit, finding.unit),
            }
        )
        for finding in page.findings
    )
    figures = tuple(figure.model_copy(update={"spec": _named(figure.spec, terms)}) for figure in page.figures)
    account = page.account.model_copy(update={**plain, "claims": claims})
    return page.model_copy(update={"account": account, "findings": findings, "figures": figures})


def _named(part: Any, terms: dict[str, str]) -> Any:
    """Put the titles of axes, headers and tooltips of a chart into words of `terms`; its data stay."""
    if isinstance(part, list):
        return [_named(one, terms) for one in part]
    if not isinstance(part, dict):
        return part
    found = {key: value if key == "datasets" else _named(value, terms) for key, value in part.items()}
    title = found.get("title")
    if isinstance(title, str):
        found["title"] = terms.get(title, title)
    elif isinstance(title, dict) and isinstance(title.get("text"), str):
        found["title"] = {**title, "text": terms.get(title["text"], title["text"])}
    return found


@cache
def _words(language: str) -> dict[str, Any]:
    path = resources.files("taskscope.report.languages").joinpath(f"{language}.json")
    return json.loads(path.read_text(encoding="utf-8"))
