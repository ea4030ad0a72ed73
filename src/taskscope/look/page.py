"""A look as one page: the same panels as in the terminal, with figures, strips and tables."""

from __future__ import annotations

from taskscope.look import words
from taskscope.look.attention_panel import attention_panel, strip_tokens
from taskscope.look.result import BlockView, Guesses, Look, Said
from taskscope.look.words import shown
from taskscope.report.charts import Axis, Rule, curves, intervals
from taskscope.report.document import Provenance
from taskscope.report.findings import Figure, Table
from taskscope.report.panels import Cell, Fact, Grid, Panel, PanelPage, Strip

TASKS_SHOWN = 10
LEAST_LEAD = 0.005
"""A lead that two decimals show."""
OPENING = "The prompt as tokens: labels outlined in blue, the query in bold"


def page(look: Look, command: str, versions: dict[str, str]) -> PanelPage:
    """Return the page of one look.

    Args:
        look: What was found.
        command: The command that repeats it.
        versions: Package to version.
    """
    says = words.sentences(look)
    panels = [
        Panel(name="blocks", title="Block by block", sentence=says.blocks, grids=(_read(look),)),
        _theta(look, says),
        _nearest(look, says),
        attention_panel(look, says.attention),
    ]
    label = look.model.label
    return PanelPage(
        title=f"taskscope look · {label}",
        mark="taskscope look",
        heading=f"{label} answers {look.answer.text or 'nothing'!r}",
        lead=words.lead(look),
        facts=_facts(look),
        opening=Strip(
            title=OPENING,
            tokens=strip_tokens(look),
        ),
        panels=tuple(panels),
        command=command,
        provenance=Provenance(
            models=(look.model,),
            versions=versions,
            facts={"prompt format": look.format, "measured in": f"{look.seconds:.1f} s"},
        ),
    )


def _facts(look: Look) -> tuple[Fact, ...]:
    nearest = look.nearest
    facts = [
        Fact(name="With the whole prompt", value=look.answer.text or "(nothing)", note=_p(look.answer)),
        Fact(
            name="Control: the query alone",
            value=look.alone.text or "(nothing)",
            note=f"probability {look.alone.p:.2f} for the answer above",
        ),
    ]
    if look.demonstrations:
        label, count = look.majority
        note = f"{count} of {len(look.demonstrations)} labels" if count > 1 else "each label stands once"
        facts.append(Fact(name="Control: majority label", value=label if count > 1 else "none", note=note))
    best = look.best
    if best is not None and best.theta is not None:
        note = f"after block {best.block}, probability {best.theta.p:.2f}"
        facts.append(Fact(name="The query with theta", value=best.theta.text or "(nothing)", note=note))
    note = words.checked(look) if nearest.tasks else ""
    facts.append(Fact(name=words.NEAREST, value=nearest.named or "none named", note=note))
    return tuple(facts)


def _p(said: Said) -> str:
    return f"probability {said.p:.2f}"


def _cells(guesses: Guesses) -> list[Cell]:
    return [Cell(text=shown(guess.token), share=guess.p) for guess in guesses]


def _read(look: Look) -> Grid:
    rows = [(Cell(text=str(view.block)), *_cells(view.read)) for view in look.blocks]
    columns = ("after block", "likeliest", "2nd", "3rd", "4th", "5th")
    rows.append((Cell(text="query alone"), *_cells(look.alone.first)))
    return Grid(
        title="First token of the answer, read out after each block",
        columns=columns,
        rows=tuple(rows),
        quiet=1,
    )


def _theta(look: Look, says: words.Sentences) -> Panel:
    """The bare query with theta in it, block by block, beside the last token's own residual."""
    if not look.demonstrations:
        return Panel(name="theta", title="Theta", sentence=says.theta)
    grids = [_puts(look)]
    if look.best is not None:
        rows = tuple((Cell(text=str(view.block)), *_cells(view.theta_read)) for view in look.blocks)
        columns = ("after block", "likeliest", "2nd", "3rd", "4th", "5th")
        grids.append(Grid(title=says.read, columns=columns, rows=rows))
    return Panel(
        name="theta", title="Theta", sentence=says.theta, figures=(_theta_figure(look),), grids=tuple(grids)
    )


def _puts(look: Look) -> Grid:
    def answer(said: Said | None) -> list[Cell]:
        if said is None:
            return []
        return [
            Cell(text=shown(said.text) or "(nothing)", share=said.p, strong=said.text == look.answer.text)
        ]

    def row(view: BlockView) -> tuple[Cell, ...]:
        return (Cell(text=str(view.block)), *answer(view.theta), *answer(view.own))

    names = ["query with theta"] if look.best is not None else []
    alone = (Cell(text="nothing put in"), *[cell for _ in (*names, "") for cell in answer(look.alone)])
    return Grid(
        title=f"What the bare query is answered, and the probability of {look.answer.text!r}",
        columns=("put in after block", *names, "query with the last token's own state"),
        rows=(*(row(view) for view in look.blocks), alone),
        quiet=1,
    )


def _theta_figure(look: Look) -> Figure:
    own, theta = "last token's own state (has seen the query)", "theta (has not seen the query)"
    data = [{"block": view.block, "p": view.own.p, "what": own} for view in look.blocks]
    data += [{"block": v.block, "p": v.theta.p, "what": theta} for v in look.blocks if v.theta is not None]
    spec = curves(
        data,
        Axis("block", "block after which it is put in", whole=True),
        Axis("p", f"probability of {look.answer.text!r}", domain=(0, 1)),
        series="what",
        order=(theta, own),
        controls=(own,),
        rules=(Rule(look.alone.p, "query alone"),),
    )
    best = look.best
    peak = (
        f"Theta is at its best after block {best.block}, with {best.theta.p:.2f}; the query alone has "
        f"{look.alone.p:.2f}."
        if best is not None and best.theta is not None
        else f"The query alone has {look.alone.p:.2f}."
    )
    return Figure(
        name="theta-by-block",
        title="The answer without its demonstrations",
        see="Where the coloured line rises above the dotted one, theta does the work of the demonstrations. "
        "The grey line is no fair test: its state has seen the query, and late blocks hold the answer.",
        alt=f"Probability of the prompt's answer by block. {peak}",
        spec=spec,
    )


def _nearest(look: Look, says: words.Sentences) -> Panel:
    found = look.nearest
    line = words.nearest_line(look)
    if not found.tasks:
        return Panel(name="task", title=words.NEAREST, sentence=says.nearest, gaps=(found.reason,))
    top = found.tasks[:TASKS_SHOWN]
    rules = (
        (Rule(found.similarity_needed, "nonsense, 95 of 100", across="x"),)
        if found.similarity_needed is not None
        else ()
    )
    spec = intervals(
        [{"task": t.task, "s": t.similarity, "low": None, "high": None} for t in top],
        Axis("s", "similarity (cosine)", domain=(min(-0.2, min(t.similarity for t in top)), 1), format=".1f"),
        row="task",
        low="low",
        high="high",
        rules=rules,
    )
    see = "A mark right of the dashed line is nearer than nonsense comes"
    if found.lead_needed is not None and found.lead_needed >= LEAST_LEAD:
        see += f"; the first has to lead the second by {found.lead_needed:.2f} too"
    figure = Figure(
        name="nearest-task",
        title="Similarity of the state at the arrows to that of built-in tasks",
        see=f"{see}.",
        alt=line + " " + ", ".join(f"{t.task} {t.similarity:.2f}" for t in top) + ".",
        spec=spec,
    )
    table = Table(
        name="similarities",
        title="All built-in tasks",
        columns=("task", "similarity"),
        rows=tuple((t.task, t.similarity) for t in found.tasks),
        note=words.abstaining(look),
    )
    return Panel(
        name="task",
        title=words.NEAREST,
        sentence=says.nearest,
        verdict=line,
        figures=(figure,),
        tables=(table,),
    )
