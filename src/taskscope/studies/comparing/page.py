"""A comparison as one page: for each study a figure of differences and the table behind it."""

from __future__ import annotations

from collections.abc import Sequence

from taskscope.report.charts import Axis, Rule, intervals
from taskscope.report.document import ModelCard, Provenance
from taskscope.report.findings import Figure, Table
from taskscope.report.panels import Fact, Panel, PanelPage
from taskscope.report.wording import count, interval, slug
from taskscope.studies.answers import SHARE
from taskscope.studies.comparing.differences import Comparison, Difference, Word
from taskscope.studies.comparing.pairing import Side
from taskscope.studies.request import find_study

LEVEL = 0.95
MOST_ROWS = 60
"""Rows of the figure of single tasks above which the table alone tells them."""


def page(found: Comparison, command: str) -> PanelPage:
    """Return the page of a comparison.

    Args:
        found: The comparison.
        command: The command that repeats it.
    """
    first, second = names(found)
    studies = list(dict.fromkeys(one.study for one in found.differences))
    return PanelPage(
        title=f"taskscope compare · {first} and {second}",
        mark="taskscope compare",
        heading=f"What changes from {first} to {second}?",
        lead=lead(found),
        facts=_facts(found),
        panels=tuple(_panel(found, study) for study in studies),
        command=command,
        provenance=Provenance(
            models=tuple(
                {
                    side.identity: _card(side, name)
                    for side, name in zip((found.first, found.second), (first, second), strict=True)
                }.values()
            ),
            versions=dict(found.second.folder.manifest.get("versions") or {}),
            facts={"first run": found.first.folder.path.name, "second run": found.second.folder.path.name},
        ),
    )


def names(found: Comparison) -> tuple[str, str]:
    """Name the two, by their runs where both are called the same."""
    sides = found.first, found.second
    if sides[0].model != sides[1].model:
        return sides[0].model, sides[1].model
    first, second = (f"{side.model} in {side.folder.path.name}" for side in sides)
    return (first, second) if first != second else (f"{first} (first)", f"{second} (second)")


def lead(found: Comparison) -> str:
    """Say what an interval means, and how many would exclude 0 by chance."""
    judged = [one for one in found.overall if one.interval is not None and one.word != Word.IDENTICAL]
    apart = [one for one in judged if one.word in (Word.HIGHER, Word.LOWER)]
    chance = (1 - LEVEL) * len(judged)
    text = (
        "Both were asked the same questions, and every number is the second answer less the first, question "
        "by question. The intervals say how far other questions of these tasks could move it; other tasks "
        "could move it further. "
    )
    if judged:
        text += (
            f"Of {count(len(judged), 'mean')} over tasks that changed at all, "
            f"{count(len(apart), 'interval excludes', 'intervals exclude')} 0; by chance alone about "
            f"{chance:.1f} would. "
        )
    return text + " ".join(found.notes)


def _facts(found: Comparison) -> tuple[Fact, ...]:
    def of(word: Word) -> str:
        return str(sum(one.word == word for one in found.overall))

    first, second = names(found)
    return (
        Fact(name="First", value=first, note=found.first.folder.path.name),
        Fact(name="Second", value=second, note=found.second.folder.path.name),
        Fact(name="Higher in the second", value=of(Word.HIGHER), note="means over tasks"),
        Fact(name="Lower in the second", value=of(Word.LOWER), note="means over tasks"),
        Fact(name="No difference shown", value=of(Word.NOT_SHOWN), note="which is not the same as equal"),
    )


def _panel(found: Comparison, study: str) -> Panel:
    own = [one for one in found.differences if one.study == study]
    figures = []
    for unit in dict.fromkeys(one.unit for one in own):
        figures += _figures([one for one in own if one.unit == unit], names(found), study, unit)
    return Panel(
        name=study,
        title=find_study(study).account.title,
        sentence="A mark right of the line: the second is higher. An interval that touches the line: these "
        "questions do not tell the two apart. A higher loss is worse.",
        figures=tuple(figures),
        tables=(_table(own, study),),
    )


def _figures(own: Sequence[Difference], both: tuple[str, str], study: str, unit: str) -> list[Figure]:
    overall = [one for one in own if not one.task]
    single = [one for one in own if one.task]
    figures = [_figure(overall, both, f"{study}-{slug(unit)}", unit, "Means over tasks", row="quantity")]
    if 0 < len(single) <= MOST_ROWS:
        figures.append(
            _figure(single, both, f"{study}-{slug(unit)}-by-task", unit, "Task by task", row="task")
        )
    return figures


def _figure(
    own: Sequence[Difference], both: tuple[str, str], name: str, unit: str, title: str, row: str
) -> Figure:
    data = [
        {
            "quantity": one.quantity,
            "task": one.task,
            "difference": one.difference,
            "low": one.interval.low if one.interval else None,
            "high": one.interval.high if one.interval else None,
        }
        for one in own
    ]
    spec = intervals(
        data,
        Axis("difference", f"{both[1]} less {both[0]}, {unit}", format="+.2f" if unit == SHARE else "+.3~g"),
        row=row,
        low="low",
        high="high",
        facet="quantity" if row == "task" else None,
        rules=(Rule(0, "" if row == "task" else "no difference", across="x"),),
    )
    told = "; ".join(f"{one.quantity}{' on ' + one.task if one.task else ''}: {one.word}" for one in own[:12])
    return Figure(
        name=f"compare-{name}",
        title=f"{title}, {unit}",
        see="Dots are paired differences, bars their 95 % intervals.",
        alt=f"Differences with intervals. {told}.",
        spec=spec,
    )


def _table(own: Sequence[Difference], study: str) -> Table:
    return Table(
        name=f"compare-{study}",
        title="Every difference",
        columns=(
            "quantity",
            "task",
            "unit",
            "first",
            "second",
            "difference",
            "95 % interval",
            "says",
            "independent questions",
            "changed answers",
        ),
        rows=tuple(
            (
                one.quantity,
                one.task or f"mean of {one.n_tasks}",
                one.unit,
                round(one.first, 4),
                round(one.second, 4),
                round(one.difference, 4),
                interval(one.interval),
                one.word.value,
                one.n,
                one.n_changed,
            )
            for one in own
        ),
        note="Second less first on the questions both were asked. Differences are averaged over "
        "questions, then over tasks.",
    )


def _card(side: Side, name: str) -> ModelCard:
    model = side.records[0].cell.model
    if model is None:
        return ModelCard(label=name, id=side.identity)
    return ModelCard(label=name, id=model.id, dtype=model.dtype, attention=model.attention)
