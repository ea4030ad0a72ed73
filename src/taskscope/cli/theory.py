"""`taskscope theory`: what an account predicts, calculated without any model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from taskscope.cli.console import out
from taskscope.cli.options import AsJson

if TYPE_CHECKING:
    from taskscope.theory.scaling_laws import Fit, ScalingLaw
    from taskscope.theory.scaling_laws.points import Points

theory = typer.Typer(
    name="theory", no_args_is_help=True, help="Calculate what an account predicts, no model."
)
scaling_law = typer.Typer(name="scaling-law", no_args_is_help=True, help="Loss by parameters and tokens.")
theory.add_typer(scaling_law)

CONSTANTS = {
    "irreducible": "E",
    "size_factor": "A",
    "data_factor": "B",
    "size_exponent": "alpha",
    "data_exponent": "beta",
    "optimal_exponent": "best N",
}


@theory.command("skill-graph")
def skill_graph(
    theta: Annotated[float, typer.Option("--theta", help="Share of texts that the model fails on.")],
    k: Annotated[int, typer.Option("--k", help="Skills of a text.")],
    alpha: Annotated[float, typer.Option("--alpha", help="Share of skills left out, the worst.")],
    tuples: Annotated[
        list[int] | None,
        typer.Option("--tuple", help="Also for this many skills at a time; repeat.", show_default=False),
    ] = None,
    texts: Annotated[
        int | None, typer.Option("--texts", help="Texts of a finite graph.", show_default=False)
    ] = None,
    skills: Annotated[
        int | None, typer.Option("--skills", help="Skills of a finite graph.", show_default=False)
    ] = None,
    confidence: Annotated[
        float, typer.Option("--confidence", help="With which a finite graph is certified.")
    ] = 0.999,
    as_json: AsJson = False,
) -> None:
    """Say how competent a model must be on nearly all skills if it fails on few texts (Arora & Goyal 2023).

    beta is how many times the share of failed texts the failure share of a skill can be, once the worst
    skills are left out; the competence guaranteed on the others is 1 - beta theta.

    For example:

    `taskscope theory skill-graph --theta 0.1 --k 8 --alpha 0.2`

    `taskscope theory skill-graph --theta 0.05 --k 8 --alpha 0.2 --tuple 2 --tuple 4`

    `taskscope theory skill-graph --theta 0.1 --k 8 --alpha 0.2 --texts 8000 --skills 20`
    """
    from taskscope.errors import TaskscopeError
    from taskscope.theory.skill_graph import tuples as of_tuples
    from taskscope.theory.skill_graph.certificate import certificate
    from taskscope.theory.skill_graph.guarantee import guarantee, largest_alpha
    from taskscope.theory.skill_graph.worst_case import worst_case

    if (texts is None) != (skills is None):
        raise TaskscopeError(
            "a finite graph of which one side is given",
            "both --texts and --skills",
            "--texts 8000 --skills 20",
        )
    found = guarantee(alpha, theta, k)
    beta = {
        "any graph": 1 / alpha,
        "theorem": float(found.beta),
        "exact worst case": worst_case(alpha, theta, k),
    }
    if texts is not None and skills is not None:
        beta["this graph"] = certificate(alpha, theta, k, texts, skills, confidence=confidence)
    reach = {t: float(of_tuples.tensor(alpha, theta, k, t)) for t in tuples or ()}
    border = float(largest_alpha(theta, k))
    if as_json:
        told: dict[str, Any] = {
            name.replace(" ", "_"): {"beta": value, "competence": max(0.0, 1 - value * theta)}
            for name, value in beta.items()
        }
        asked = {"theta": theta, "k": k, "alpha": alpha}
        out.print_json(data={**asked, **told, "tuples": reach, "largest_alpha": border})
        return
    table = table_of("holds for", "beta", "competence")
    for name, value in beta.items():
        table.add_row(name, f"{value:.4f}", f"{max(0.0, 1 - value * theta):.4f}")
    for t, competence in reach.items():
        table.add_row(f"sets of {t} skills", "", f"{competence:.4f}")
    out.print(table)
    solved = "has none here, so that the bound of any graph holds" if found.clamped else "has one here"
    out.print(f"The theorem has a solution for alpha below {border:.4f} and {solved}.", highlight=False)


@scaling_law.command("fit")
def fit(
    file: Annotated[Path, typer.Argument(help="A .csv file: parameters, tokens (or flop) and loss.")],
    drop_highest: Annotated[
        int, typer.Option("--drop-highest", help="Leave out so many of the highest losses.", min=0)
    ] = 0,
    resamples: Annotated[
        int, typer.Option("--resamples", help="Resamples of the points behind the intervals.", min=20)
    ] = 200,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the resamples.", min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Fit L(N, D) = E + A / N^alpha + B / D^beta to losses of finished trainings.

    By the third approach of Hoffmann et al. 2022, beside it by least squares (variable projection) and as
    published.

    For example:

    `taskscope theory scaling-law fit points.csv`

    `taskscope theory scaling-law fit points.csv --drop-highest 5 --resamples 1000`
    """
    import numpy as np

    from taskscope.theory import scaling_laws
    from taskscope.theory.scaling_laws.points import read_csv
    from taskscope.theory.scaling_laws.variable_projection import fit_by_projection

    points = read_csv(file).without_highest(drop_highest)
    columns = points.parameters, points.tokens, points.losses
    found = scaling_laws.fit(*columns)
    drawn = scaling_laws.bootstrap(*columns, found, resamples, np.random.default_rng(seed))
    ends = {
        name: np.quantile([getattr(law, name) for law in drawn], [0.025, 0.975]).tolist()
        for name in CONSTANTS
    }
    _print_fit(points, found, ends, fit_by_projection(points), as_json=as_json)


def _print_fit(
    points: Points, found: Fit, ends: dict[str, list[float]], squares: ScalingLaw, *, as_json: bool
) -> None:
    from taskscope.theory.scaling_laws.published import PUBLISHED

    spread = float((found.residuals**2).mean() ** 0.5)
    if as_json:
        out.print_json(
            data={
                "points": len(points.losses),
                "fit": {n: {"estimate": getattr(found.law, n), "interval": ends[n]} for n in CONSTANTS},
                "objective": found.objective,
                "starts": {"all": found.starts, "agreeing": found.agreeing},
                "spread": spread,
                "least_squares": {n: getattr(squares, n) for n in CONSTANTS},
                "published": {
                    key: {n: getattr(each.law, n) for n in CONSTANTS} for key, each in PUBLISHED.items()
                },
            }
        )
        return
    laws = {"least squares": squares, **{name: PUBLISHED[name].law for name in ("hoffmann", "besiroglu")}}
    table = table_of("", "fit", "95 %", *laws)
    for name, symbol in CONSTANTS.items():
        low, high = ends[name]
        others = (f"{getattr(law, name):.4g}" for law in laws.values())
        table.add_row(symbol, f"{getattr(found.law, name):.4g}", f"{low:.4g} to {high:.4g}", *others)
    out.print(table)
    out.print(
        f"{len(points.losses)} points; {found.agreeing} of {found.starts} starts reach the optimum; "
        f"residuals of ln L have a root mean square of {spread:.3g}. Best N: the power of the compute with "
        "which the best size grows.",
        highlight=False,
    )


def table_of(*columns: str) -> Table:
    """Make a table whose first column is text and the others numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", no_wrap=True)
    return table
