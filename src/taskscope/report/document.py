"""What one page is made of: study pages, their findings and figures, and where the numbers came from.

Plain data, like `findings`; `page` turns it into HTML.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from taskscope.report import wording
from taskscope.report.findings import Account, Claim, Figure, Finding, Frozen, Table, Verdict

MOST_NAMED = 4
"""Models that a sentence names before it counts them."""
QUESTION = "What does a language model do with a task it is shown in context?"


class ModelCard(Frozen):
    """A model as the page names it, and what identifies it."""

    label: str
    id: str
    """Identity that a change of weights changes: name and commit, or name and content hash."""
    dtype: str = ""
    attention: str = ""
    device: str = ""
    n_blocks: int | None = None
    n_parameters: int | None = None


class Provenance(Frozen):
    """Where the numbers came from: enough to measure them again."""

    models: tuple[ModelCard, ...] = ()
    tasks: dict[str, str] = Field(default_factory=dict)
    """Task name -> fingerprint."""
    seeds: tuple[int, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)
    """Package -> version."""
    facts: dict[str, str] = Field(default_factory=dict)
    """Anything else worth a line, in words: profile, git commit, accelerator."""


class Failure(Frozen):
    """A cell that could not be measured."""

    cell: str
    """What it would have measured, in words: model, task, seed."""
    error: str
    """Type of the error."""
    message: str


class StudyPage(Frozen):
    """Everything one study has to show."""

    account: Account
    ran: bool = True
    """False for a study that is only listed because it is not part of this run."""
    findings: tuple[Finding, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences a reader must know before trusting the numbers: skipped tasks, small samples."""
    command: str = ""
    """The exact command that reproduces this study."""

    @property
    def state(self) -> Literal["measured", "not run", "not yet built"]:
        """Measured here, left out of this run, or without any implemented claim."""
        if self.ran:
            return "measured"
        return "not run" if any(claim.implemented for claim in self.account.claims) else "not yet built"

    @property
    def models(self) -> tuple[str, ...]:
        """Labels of the models that findings, figures and tables belong to, in order of appearance."""
        labels = [part.model for part in (*self.findings, *self.figures, *self.tables)]
        return tuple(dict.fromkeys(label for label in labels if label))

    @property
    def main_figure(self) -> Figure | None:
        """The figure for the overview: a main one, over all models or of that with most claims supported."""
        mains = [figure for figure in self.figures if figure.main] or list(self.figures)
        return min(
            mains, key=lambda figure: (figure.model is not None, -self._shown(figure.model)), default=None
        )

    def _shown(self, model: str | None) -> int:
        """Count the claims that a model supports: where there is the most to see."""
        return sum(f.verdict == Verdict.SUPPORTED for f in self.findings if f.model == model)

    def finding(self, claim: Claim, model: str) -> Finding | None:
        """Return the finding on one claim for one model to which its verdict leads, or None.

        It is the first with the summed verdict; where all differ from that, the first of all.
        """
        return _leading(self._on(claim.number, model))

    def reason(self, claim: Claim, model: str) -> str:
        """Return why the verdict on one claim for one model is what it is; empty where there is none."""
        own = self._on(claim.number, model)
        leading = _leading(own)
        if leading is None:
            return ""
        if leading.verdict == _summed(own):
            return leading.reason
        return f"The findings on this claim differ: {', '.join(f.verdict.value for f in own)}."

    def anchor(self, finding: Finding) -> str:
        """Return the id of a finding's card; empty for all but the one to which its verdict leads."""
        if finding is not _leading(self._on(finding.claim, finding.model)):
            return ""
        place = self.models.index(finding.model) + 1
        return f"{wording.slug(self.account.name)}-{wording.slug(finding.claim)}-{place}"

    def verdict(self, claim: Claim, model: str) -> Verdict | None:
        """Sum up the findings on one claim for one model; None where there is none.

        A claim whose findings disagree is inconclusive: it takes all of them to support or contradict it.
        """
        return _summed(self._on(claim.number, model))

    def _on(self, claim: str, model: str) -> list[Finding]:
        return [f for f in self.findings if (f.claim, f.model) == (claim, model)]


def _summed(findings: list[Finding]) -> Verdict | None:
    verdicts = {f.verdict for f in findings}
    if not verdicts:
        return None
    return verdicts.pop() if len(verdicts) == 1 else Verdict.INCONCLUSIVE


def _leading(findings: list[Finding]) -> Finding | None:
    """Return the first finding with the summed verdict; where all differ from that, the first of all."""
    summed = _summed(findings)
    return next((f for f in findings if f.verdict == summed), next(iter(findings), None))


class Report(Frozen):
    """One page: the overview and a section per study."""

    pages: tuple[StudyPage, ...]
    """In the order of the overview; studies that were not run are listed with ``ran=False``."""
    command: str = ""
    """The exact command that reproduces the whole run."""
    provenance: Provenance = Provenance()
    title: str = "taskscope"
    question: str = QUESTION
    language: str = "en"
    """Of the words around the numbers; see `taskscope.report.languages`."""

    @property
    def models(self) -> tuple[str, ...]:
        """Labels of the models that were measured; without any, of those whose results were given."""
        labels = [card.label for card in self.provenance.models]
        return tuple(dict.fromkeys(labels or (label for page in self.pages for label in page.models)))

    @property
    def few(self) -> bool:
        """Whether a sentence names the models rather than counts them."""
        return len(self.models) <= MOST_NAMED

    @property
    def subject(self) -> str:
        """The models in a few words: by name where they are few, else how many they are."""
        return wording.listed(self.models) if self.few else wording.count(len(self.models), "model")
