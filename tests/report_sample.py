"""Invented findings and figures for the tests of pages: the shape of a real run, the numbers of none."""

from __future__ import annotations

import math

from taskscope.report import charts
from taskscope.report.charts import Axis, Mark, Rule
from taskscope.report.document import Failure, ModelCard, Provenance, Report, StudyPage
from taskscope.report.findings import (
    Account,
    Claim,
    Control,
    Figure,
    Finding,
    Interval,
    Published,
    Table,
    Verdict,
)

CONDITIONS = ("theta", "theta of another task", "shuffled labels", "random vector")
TASKS = ("antonyms", "country-capital", "english to french", "to-upper", "a task whose name is rather long")


def account(name: str, title: str, question: str, built: int) -> Account:
    """An account with five claims, the first `built` of them implemented."""
    titles = (
        "One vector carries the task",
        "The hand-over is half-way",
        "Related tasks lie close",
        "It wins a conflict",
        "It spells out its task",
    )
    claims = tuple(
        Claim(number=f"C{i + 1}", title=t, statement=f"{t}, in a sentence.", implemented=i < built)
        for i, t in enumerate(titles)
    )
    return Account(
        name=name,
        title=title,
        papers=("First & Second 2023, A paper about it, arXiv 0000.00000",),
        question=question,
        says="Show a model a few examples and it continues the pattern. This account says that it does so in "
        "two steps: it writes down which task the examples show, and then applies that note to the query.",
        measured="We read the note in one prompt, put it into another that shows no examples, and ask "
        "whether the model still does the task. The same is done with notes that should not work.",
        how_to_read="Each row is a task. Blue is the measurement; grey says how far one gets without it.",
        claims=claims,
    )


def finding(claim: str, title: str, model: str, verdict: Verdict, estimate: float = 0.83) -> Finding:
    """A finding with two controls and one published value."""
    return Finding(
        study="vectors",
        claim=claim,
        title=title,
        model=model,
        statement=f"Put into a prompt without examples, the vector restores {estimate:.0%} of the accuracy.",
        quantity="share of the accuracy that is restored",
        estimate=estimate,
        interval=Interval(low=estimate - 0.05, high=estimate + 0.04),
        n=120,
        unit="queries",
        controls=(
            Control(
                name="other",
                label="Vector of another task",
                estimate=0.21,
                interval=Interval(low=0.15, high=0.27),
                meaning="Any vector of the right kind",
            ),
            Control(name="random", label="Random vector of equal length", estimate=0.04),
        ),
        strongest="other",
        published=(Published(label="LLaMA 7B", value=0.87, source="Table 1"),),
        verdict=verdict,
        reason="The interval lies above that of the strongest control, the vector of another task.",
    )


def curve_rows(n_blocks: int = 8) -> list[dict]:
    """Accuracy by block for every condition."""
    rows = []
    for condition, top in zip(CONDITIONS, (0.8, 0.2, 0.12, 0.05), strict=True):
        for block in range(n_blocks):
            value = top * math.exp(-(((block - 4) / 1.8) ** 2)) + 0.03
            rows.append(
                {
                    "block": block,
                    "accuracy": value,
                    "condition": condition,
                    "low": max(0, value - 0.04),
                    "high": min(1, value + 0.04),
                }
            )
    return rows


def interval_rows() -> list[dict]:
    """Accuracy by task for three conditions."""
    rows = []
    for place, task in enumerate(TASKS):
        for condition, top in zip(CONDITIONS[:3], (0.7, 0.2, 0.1), strict=True):
            value = top + 0.03 * place
            rows.append(
                {
                    "task": task,
                    "accuracy": value,
                    "condition": condition,
                    "low": value - 0.06,
                    "high": value + 0.05,
                }
            )
    return rows


ACCURACY = Axis("accuracy", "accuracy", "share of queries", domain=(0, 1), format=".0%")
BLOCK = Axis("block", "block after which the vector is placed", whole=True)


def curves() -> dict:
    """The chart by block."""
    return charts.curves(
        curve_rows(),
        BLOCK,
        ACCURACY,
        series="condition",
        low="low",
        high="high",
        controls=CONDITIONS[1:],
        rules=[Rule(0.92, "with demonstrations"), Rule(0.08, "query alone")],
        published=[Mark("LLaMA 7B", 0.74)],
    )


def panels() -> dict:
    """The chart by block, a panel per task."""
    rows = [dict(row, task=task) for task in TASKS for row in curve_rows()]
    return charts.curves(
        rows,
        BLOCK,
        ACCURACY,
        series="condition",
        facet="task",
        controls=CONDITIONS[1:],
        rules=[Rule(0.92, "with demonstrations")],
    )


def forest() -> dict:
    """The chart by task."""
    return charts.intervals(
        interval_rows(),
        ACCURACY,
        row="task",
        low="low",
        high="high",
        series="condition",
        controls=CONDITIONS[1:],
        rules=[Rule(0.25, "chance", across="x")],
        published=[Mark("LLaMA 7B", 0.74, at="antonyms")],
    )


def figure(name: str, spec: dict, model: str | None, main: bool = False) -> Figure:
    """A figure with its sentences."""
    return Figure(
        name=name,
        title="The vector works in the middle blocks",
        spec=spec,
        model=model,
        main=main,
        see="Placed after block 4, the vector brings back most of what demonstrations give.",
        alt="Line chart of accuracy by block for the vector and three controls.",
    )


def report(models: tuple[str, ...] = ("pico-s",)) -> Report:
    """A run of one study over `models`, with five more accounts listed."""
    verdicts = (Verdict.SUPPORTED, Verdict.CONTRADICTED, Verdict.INCONCLUSIVE)
    about = account("vectors", "Task vectors", "Is the task held in one vector, somewhere in the middle?", 3)
    findings, figures = [], []
    for turn, model in enumerate(models):
        for place, claim in enumerate(about.claims[:3]):
            findings.append(
                finding(claim.number, claim.title, model, verdicts[(place + turn) % 3], 0.83 - 0.2 * place)
            )
        figures.append(figure(f"{model}-forest", forest(), model, main=True))
        figures.append(figure(f"{model}-curves", curves(), model))
    figures.append(figure("panels", panels(), None))
    rows = tuple((task, 0.1 * i, i, None) for i, task in enumerate(TASKS))
    measured = StudyPage(
        account=about,
        findings=tuple(findings),
        figures=tuple(figures),
        tables=(
            Table(
                name="by-task",
                title="Accuracy by task",
                columns=("task", "accuracy", "n", "none"),
                rows=rows,
                note="One row per task.",
                model=models[0],
            ),
        ),
        failures=(Failure(cell="pico-s, to-upper, seed 0", error="ModelError", message="Out of memory."),),
        notes=("One task was left out, because the model answers it without demonstrations.",),
        command="taskscope run task-vectors -m pico-s --profile standard --seed 0",
    )
    others = [
        (
            "structured-tasks",
            "Structured tasks",
            "Does the model pick a task it knows, learn a new one, or combine?",
            2,
        ),
        ("task-spaces", "Task spaces", "Which tasks share what the model has learned?", 0),
        ("inverse-scaling", "Inverse scaling", "Do larger models get worse at some tasks?", 0),
        ("kernel-regression", "Kernel regression", "Does the model vote over the examples it has seen?", 0),
        ("skill-emergence", "Skill emergence", "Do skills and their combinations appear with scale?", 0),
    ]
    listed = [StudyPage(account=account(*other), ran=False) for other in others]
    cards = tuple(
        ModelCard(
            label=m,
            id=f"{m}@sha256:{'0f' * 32}",
            dtype="float32",
            attention="sdpa",
            device="cpu",
            n_blocks=8,
            n_parameters=1_234_567,
        )
        for m in models
    )
    origin = Provenance(
        models=cards,
        tasks=dict.fromkeys(TASKS, "ab" * 32),
        seeds=(0, 1, 2),
        versions={"taskscope": "0.1.0", "torch": "2.13.0"},
        facts={"Profile": "standard"},
    )
    return Report(pages=(measured, *listed), command="taskscope run all -m pico-s", provenance=origin)
