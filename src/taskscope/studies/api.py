"""The command line in a few calls: run a study, open what was run, and hold the result in one's hands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from taskscope.engines.events import Event
from taskscope.errors import RunError, StudyError, nearest
from taskscope.models.spec import ModelSpec, as_spec
from taskscope.report.findings import Figure, Finding, Table
from taskscope.runs.record import label_of, task_of
from taskscope.runs.store import RunFolder
from taskscope.studies import runner
from taskscope.studies.request import RunRequest, StudyRequest
from taskscope.studies.runner import StudyResult

if TYPE_CHECKING:
    import altair

    from taskscope.studies.comparing.differences import Comparison

Models = str | ModelSpec | Sequence[str | ModelSpec]


@dataclass(frozen=True)
class Result:
    """What a run found. In a notebook it shows itself as cards, one for each finding.

    Attributes:
        folder: The run folder; the same call, or the same command, resumes it.
    """

    folder: RunFolder
    _studies: tuple[StudyResult, ...]

    @property
    def studies(self) -> tuple[str, ...]:
        """Names of the studies in it."""
        return tuple(each.study.name for each in self._studies)

    @property
    def findings(self) -> list[Finding]:
        """Every claim judged for every model: estimate, interval, controls, verdict and its reason."""
        return [finding for each in self._studies for finding in each.findings]

    @property
    def figures(self) -> list[Figure]:
        """Every figure with its sentences; `chart` makes one that can be changed."""
        return [figure for each in self._studies for figure in each.figures]

    @property
    def tables(self) -> list[Table]:
        """Every table of the page."""
        return [table for each in self._studies for table in each.tables]

    @property
    def failures(self) -> list[str]:
        """Cells that could not be measured, in words; the next run tries them again."""
        return [
            f"{label_of(record.cell)} {task_of(record.cell)} seed {record.cell.seed}: {record.error.message}"
            for record in self.folder.cells()
            if record.error and record.cell.study in self.studies
        ]

    @cached_property
    def rows(self) -> pa.Table:
        """The measured rows of the one study in it.

        Raises:
            StudyError: If it holds several studies, whose rows have different columns.
        """
        if len(self._studies) > 1:
            first = self.studies[0]
            raise StudyError(
                f"rows of {', '.join(self.studies)}", "one study at a time", f'result["{first}"].rows'
            )
        return self.folder.rows(study=self.studies[0])

    def to_pandas(self) -> Any:
        """Return `rows` as a pandas data frame.

        Raises:
            StudyError: If it holds several studies, or pandas is not installed.
        """
        try:
            return self.rows.to_pandas()
        except ModuleNotFoundError as error:
            raise StudyError("a pandas data frame", "pandas", "pip install pandas, or result.rows") from error

    def chart(self, name: str) -> altair.LayerChart | altair.FacetChart:
        """Return a figure as an Altair chart, to be shown or changed.

        Args:
            name: Of one of `figures`.

        Raises:
            StudyError: If there is no such figure.
        """
        import altair

        known = {figure.name: figure.spec for figure in self.figures}
        if name not in known:
            raise StudyError(f"no figure {name!r}", f"one of {', '.join(known)}", nearest(name, known))
        kind = altair.FacetChart if "facet" in known[name] else altair.LayerChart
        # Drawn by this package and tested there; checking the schema again takes seconds a chart.
        return kind.from_dict(known[name], validate=False)

    def write_page(self, language: str = "en") -> Path:
        """Write the figures and the page of the whole run into its folder; returns the path of the page.

        Args:
            language: Of the page's own words: en or ja.
        """
        from taskscope.report import languages
        from taskscope.studies import publish

        return publish.write(self.folder, runner.conclude(self.folder), languages.check(language))

    def __getitem__(self, study: str) -> Result:
        """Narrow it to one study.

        Raises:
            StudyError: If the study is not in it.
        """
        kept = tuple(each for each in self._studies if each.study.name == study)
        if not kept:
            known = self.studies
            raise StudyError(
                f"no study {study!r} in this run", f"one of {', '.join(known)}", nearest(study, known)
            )
        return replace(self, _studies=kept)

    def _repr_html_(self) -> str:
        """Show the findings as cards in a notebook."""
        from taskscope.report.page import card_html

        return card_html(self.findings, title=", ".join(each.study.account.title for each in self._studies))


def run(
    study: str,
    model: Models = (),
    *,
    profile: str = "standard",
    out: str | Path | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
    **parameters: Any,
) -> Result:
    """Run a study on one or more models; cells that the run folder holds already are not measured again.

    Args:
        study: A study by name, such as ``"task-vectors"``.
        model: Built-in name, local folder or hub id, or a `ModelSpec`; or a sequence of them.
        profile: smoke, standard, full or paper.
        out: The run folder; named after the request when left out, under ``runs/``.
        on_event: Called as cells are measured, for showing progress.
        **parameters: Parameters of the study by name: ``tasks=["en-fr", "pairs.csv"]``, ``seeds=[0, 1]``,
            ``k=8``.

    Raises:
        TaskscopeError: Anything in the request that could not be measured, before anything is.
    """
    names = [model] if isinstance(model, str | ModelSpec) else list(model)
    request = RunRequest(
        studies=(StudyRequest(study=study, profile=profile, overrides=parameters),),
        models=tuple(map(as_spec, names)),
        command=_call(study, names, profile, out, parameters),
    )
    plan = runner.plan(request)
    folder = runner.open_folder(Path(out) if out is not None else runner.default_folder(request), plan)
    runner.execute(plan, folder, on_event)
    return _result(folder)


def open_run(path: str | Path) -> Result:
    """Open a run folder, made by the command line or here, and judge its rows; loads no model.

    Raises:
        RunError: If there is no run, or none of its cells was measured.
    """
    return _result(RunFolder.open(path))


def compare(
    first: Result | str | Path, second: Result | str | Path, models: Sequence[str] = (), study: str = ""
) -> Comparison:
    """Compare two runs question by question: paired differences, second less first, with intervals.

    Args:
        first: A result or a run folder.
        second: Another, or the same.
        models: Labels of the first and the second model; one for both, or none where it is plain.
        study: Compare this study alone.

    Raises:
        RunError: If it is not plain which models are meant, or they share no questions.
    """
    from taskscope.studies.comparing.differences import compare as find

    opened = tuple(one.folder if isinstance(one, Result) else RunFolder.open(one) for one in (first, second))
    return find((opened[0], opened[1]), models, study)


def _result(folder: RunFolder) -> Result:
    try:
        return Result(folder, tuple(runner.conclude(folder)))
    except RunError as error:
        told = [f"{record.error.type}: {record.error.message}" for record in folder.cells() if record.error]
        if not told:
            raise
        raise RunError(error.given, error.expected, f"mending what failed first: {told[0]}") from error


def _call(
    study: str,
    models: Sequence[str | ModelSpec],
    profile: str,
    out: str | Path | None,
    parameters: dict[str, Any],
) -> str:
    """Write the call that repeats the run, as pages show it."""
    named = [one if isinstance(one, str) else one.name for one in models]
    given: dict[str, Any] = {"model": named[0] if len(named) == 1 else named} if named else {}
    given |= {"profile": profile} | ({} if out is None else {"out": str(out)}) | parameters
    return (
        f"taskscope.run({', '.join([repr(study), *(f'{name}={value!r}' for name, value in given.items())])})"
    )
