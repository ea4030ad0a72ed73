"""`taskscope theory item-response`: who answers which item, from a stored run or a table of responses."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from taskscope.cli.console import out
from taskscope.cli.options import AsJson
from taskscope.cli.theory import table_of

if TYPE_CHECKING:
    from taskscope.studies.skill_emergence.responses.summary import Summary

_NAMED = 10
"""Dropped examinees and items named at most in print; --json names all."""


def item_response(
    path: Annotated[
        Path, typer.Argument(help="A run folder, or a .csv file: model, item, correct and perhaps skills.")
    ],
    seed: Annotated[int, typer.Option("--seed", help="Seed of what is held out.", min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Estimate competence on skills from responses, and hold it against the random-graph theorem.

    Examinees are models or checkpoints; a skill is a task, or what the items of a table are tagged with.
    Two models of responses are compared on a tenth of the responses that they did not see: the compensatory
    one by its number of dimensions, the conjunctive one (DINA) with own and with shuffled tags. Examinees and
    items that never vary are left out of these, and named.

    For example:

    `taskscope theory item-response responses.csv`

    `taskscope theory item-response runs/skill-emergence--pico --json`
    """
    from taskscope.studies.skill_emergence.responses.stored import of_csv, of_run
    from taskscope.studies.skill_emergence.responses.summary import summarise

    responses = of_csv(path) if path.suffix.lower() == ".csv" else of_run(path)
    found = summarise(responses, seed)
    if as_json:
        out.print_json(data=_as_json(found))
    else:
        _print(found)


def _as_json(found: Summary) -> dict[str, Any]:
    responses, measured = found.responses, found.measured
    mastery = None if found.mastery is None else found.mastery.mean(axis=0)
    shuffled = found.shuffled_tags
    return {
        "examinees": list(responses.examinees),
        "items": len(responses.items),
        "dropped": {
            "examinees": list(found.screened.dropped_examinees),
            "items": list(found.screened.dropped_items),
        },
        "theta": measured.theta,
        "skills_per_item": measured.tags_per_item,
        "skills": {
            name: {
                "items": int(responses.needs[:, place].sum()),
                "competence": float(measured.competence[place]),
                "mastered_by": None if mastery is None else float(mastery[place]),
            }
            for place, name in enumerate(responses.skills)
        },
        "worst": [
            {"alpha": float(a), "beta": float(b), "allowed": float(c)}
            for a, b, c in zip(measured.alpha, measured.beta, found.allowed, strict=True)
        ],
        "held_out_log_probability": {
            "by_dimension": {str(n): _number(value) for n, value in found.by_dimension.items()},
            "own_tags": _number(found.own_tags),
            "shuffled_tags": None if shuffled is None else [_number(value) for value in shuffled],
        },
    }


def _number(value: float | None) -> float | None:
    """Return what JSON can hold: it knows no NaN."""
    return None if value is None or not math.isfinite(value) else float(value)


def _print(found: Summary) -> None:
    import numpy as np

    responses, measured, screened = found.responses, found.measured, found.screened
    out.print(
        f"{len(responses.examinees)} examinees, {len(responses.items)} items, {measured.theta:.1%} wrong, "
        f"{measured.tags_per_item:.2f} skills for an item.",
        highlight=False,
    )
    for what, names in (("examinees", screened.dropped_examinees), ("items", screened.dropped_items)):
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            named = ", ".join(names[:_NAMED])
            out.print(
                f"{len(names)} {what} never vary and are left out: {named}{more}.",
                highlight=False,
                markup=False,
            )
    table = table_of("skill", "items", "competence", "mastered by")
    for place in np.argsort(measured.competence):
        mastered = "–" if found.mastery is None else f"{found.mastery[:, place].mean():.1%}"
        name, n = responses.skills[place], responses.needs[:, place].sum()
        table.add_row(escape(name), str(n), f"{measured.competence[place]:.1%}", mastered)
    out.print(table)
    table = table_of("worst skills left out", "failures gather", "theorem allows")
    for a, b, c in zip(measured.alpha, measured.beta, found.allowed, strict=True):
        table.add_row(f"{a:.0%}", f"{b:.3f}", f"{c:.3f}")
    out.print(table)
    table = table_of("model of responses", "held-out log p (nats)")
    for n, value in found.by_dimension.items():
        table.add_row(f"compensatory, {n} dimension{'s' * (n > 1)}", f"{value:.4f}")
    if found.own_tags is not None and found.shuffled_tags is not None:
        table.add_row("conjunctive, own tags", f"{found.own_tags:.4f}")
        table.add_row("conjunctive, shuffled tags", f"{found.shuffled_tags.mean():.4f}")
    out.print(table)
