"""What a page derives from its data."""

from __future__ import annotations

import pytest

import report_sample as sample
from taskscope.report.document import Report, StudyPage
from taskscope.report.findings import Verdict
from taskscope.report.page import page_html

ABOUT = sample.account("name", "Title", "Question?", built=2)
YES, NO, OPEN = Verdict.SUPPORTED, Verdict.CONTRADICTED, Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("verdicts", "summed"),
    [((), None), ((YES,), YES), ((NO, NO), NO), ((YES, OPEN), OPEN), ((YES, NO), OPEN), ((NO, OPEN), OPEN)],
)
def test_findings_that_disagree_leave_their_claim_open(
    verdicts: tuple[Verdict, ...], summed: Verdict | None
) -> None:
    findings = tuple(sample.finding("C1", "One", "m", v) for v in verdicts)
    page = StudyPage(account=ABOUT, findings=(*findings, sample.finding("C1", "One", "other", YES)))
    assert page.verdict(ABOUT.claims[0], "m") == summed
    assert page.verdict(ABOUT.claims[1], "m") is None


def test_the_state_follows_from_what_is_implemented() -> None:
    assert StudyPage(account=ABOUT).state == "measured"
    assert StudyPage(account=ABOUT, ran=False).state == "not run"
    assert StudyPage(account=sample.account("n", "T", "Q?", built=0), ran=False).state == "not yet built"


def test_the_overview_prefers_a_main_figure_over_all_models() -> None:
    plain, mine, ours = (
        sample.figure("plain", {}, None),
        sample.figure("mine", {}, "m", main=True),
        sample.figure("ours", {}, None, main=True),
    )
    assert StudyPage(account=ABOUT, figures=(plain, mine, ours)).main_figure == ours
    assert StudyPage(account=ABOUT, figures=(plain, mine)).main_figure == mine
    assert StudyPage(account=ABOUT, figures=(plain,)).main_figure == plain
    assert StudyPage(account=ABOUT).main_figure is None


def test_the_overview_shows_the_model_with_most_to_see() -> None:
    figures = tuple(sample.figure(f"of {m}", {}, m, main=True) for m in ("null", "planted"))
    findings = (
        sample.finding("C1", "One", "null", NO),
        sample.finding("C1", "One", "planted", YES),
    )
    assert StudyPage(account=ABOUT, figures=figures).main_figure == figures[0]
    assert StudyPage(account=ABOUT, figures=figures, findings=findings).main_figure == figures[1]


def test_a_verdict_leads_to_the_first_finding_on_its_claim() -> None:
    findings = tuple(sample.finding("C1", "One", m, YES, e) for m, e in (("a", 0.1), ("b", 0.2), ("b", 0.3)))
    page = StudyPage(account=ABOUT, findings=findings)
    assert page.finding(ABOUT.claims[0], "b") == findings[1]
    assert page.finding(ABOUT.claims[1], "b") is None
    assert [page.anchor(finding) for finding in findings] == ["name-c1-1", "name-c1-2", ""]


@pytest.mark.parametrize(
    ("verdicts", "leading", "why"),
    [
        ((NO, NO), 0, "reason 0"),
        ((YES, OPEN, OPEN), 1, "reason 1"),
        ((YES, NO), 0, "The findings on this claim differ: supported, contradicted."),
    ],
)
def test_the_reason_beside_a_verdict_is_one_for_that_verdict(
    verdicts: tuple[Verdict, ...], leading: int, why: str
) -> None:
    findings = tuple(
        sample.finding("C1", "One", "m", v).model_copy(update={"reason": f"reason {i}"})
        for i, v in enumerate(verdicts)
    )
    page = StudyPage(account=ABOUT, findings=findings)
    assert page.finding(ABOUT.claims[0], "m") is findings[leading]
    assert [bool(page.anchor(f)) for f in findings] == [i == leading for i in range(len(findings))]
    assert page.reason(ABOUT.claims[0], "m") == why
    assert page.reason(ABOUT.claims[1], "m") == ""
    assert f'title="{why}"' in page_html(Report(pages=(page,)))


def test_models_come_in_order_of_appearance_those_of_the_provenance_first() -> None:
    report = sample.report(("b", "a"))
    assert report.models == report.pages[0].models == ("b", "a")


def test_few_models_are_named_and_many_are_counted() -> None:
    assert sample.report(("a", "b")).subject == "a and b"
    assert sample.report(tuple("abcdefgh")).subject == "eight models"
