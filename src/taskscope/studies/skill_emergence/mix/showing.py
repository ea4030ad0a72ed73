"""Mixed skills as a figure and two tables; explored, no claim is judged by them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure, Table
from taskscope.studies.judgement import Measure
from taskscope.studies.skill_emergence.mix.resampling import SATURATED, Level, ModelMix
from taskscope.studies.wording import percent

SKILLS_ASKED = Axis("k", "skills asked for together (k)", whole=True)
MET = Axis("met", "texts that show them all", domain=(0, 1), format=".0%")
ASKED = "asked for them"
PRODUCT = "product of the skills alone"
CHANCE = "asked for other skills"


def figure(found: Sequence[ModelMix], subject: str) -> Figure:
    """Draw full marks by number of skills, with the product's prediction and the control."""
    data = []
    for each in found:
        for level in each.levels:
            for line, measure in (
                (ASKED, level.marks),
                (PRODUCT, level.foretold),
                (CHANCE, level.chance),
            ):
                if measure is not None:
                    ends = {"low": round(measure.low, 4), "high": round(measure.high, 4)}
                    point = {"model": each.texts.model, "line": line, "k": level.k}
                    data.append({**point, "met": round(measure.value, 4), **ends})
    return Figure(
        name="skill-emergence-mix",
        title="How many skills does one text show together?",
        see="Only what lies above the grey line comes from asking: below it, texts that were asked for other "
        "skills show these as often. On the product's line skills fail each on its own; below it they are "
        "there and do not go together.",
        alt="Line chart by number of skills asked for together, a panel for each model: share of texts that "
        "show all of them, what the product of the single skills says, and the same share for texts that "
        "were asked for other skills, with 95 % intervals.",
        spec=charts.curves(
            data,
            SKILLS_ASKED,
            MET,
            series="line",
            low="low",
            high="high",
            facet="model",
            order=(ASKED, PRODUCT, CHANCE),
            controls=(CHANCE,),
            rules=[Rule(SATURATED, "saturated below", across="y")],
        ),
        model=subject,
    )


def tables(found: Sequence[ModelMix], subject: str) -> list[Table]:
    """Tabulate every number of skills, and every skill."""
    return [_by_k(found, subject), _by_skill(found, subject)]


def _by_k(found: Sequence[ModelMix], subject: str) -> Table:
    return Table(
        name="skill-emergence-mix",
        title="Skills of writing, asked for together",
        columns=(
            *("model", "skills together", "texts", "all shown", "of each text's skills, shown"),
            *("product of the skills alone", "log all shown - log product", CHANCE, "beyond these"),
        ),
        rows=tuple(_level_row(each, level) for each in found for level in each.levels),
        note="One text for each set of skills, written greedily, so this is neither the best nor the mean of "
        f"several. Rules judge the form; whether a text makes sense nobody looks at. {_notes(found)} 95 % "
        "intervals over sets of skills, a single one counting once however many its topics. Beyond chance "
        "are shares whose interval lies above that of texts asked for as many skills, none of them these. "
        "Explored: no claim is judged by this.",
        model=subject,
    )


def sampled(found: Sequence[ModelMix], temperature: float, subject: str) -> Table:
    """Tabulate texts that were drawn at random: their mean, and the best of each request's.

    Args:
        found: By model, its drawn texts alone.
        temperature: At which they were drawn.
        subject: What the table is about.
    """
    rows = []
    for each in found:
        for level in each.levels:
            mean, (best, best_chance) = level.chance, level.best_of_all
            told = ("–" if control is None else _share(control) for control in (mean, best_chance))
            n = np.unique(each.texts.requests[each.texts.k == level.k], return_counts=True)[1]
            shares = (_share(level.marks), _share(level.foretold), _share(best))
            rows.append((each.texts.model, level.k, level.n, int(n.max()), *shares, *told))
    return Table(
        name="skill-emergence-mix-sampled",
        title="Skills of writing, several texts of each request",
        columns=(
            *("model", "skills together", "texts", "texts of a request", "all shown, mean"),
            *("product of the skills alone", "all shown, best", f"{CHANCE}, mean", f"{CHANCE}, best"),
        ),
        rows=tuple(rows),
        note=f"Drawn at a temperature of {temperature:g}. The mean is over all texts; the best counts a "
        "request as met where one of its texts shows all of its skills, and its control where one of the "
        "texts of another request shows them all: several tries bring more of that too. The product is of "
        "mean shares. 95 % intervals over sets of skills. Explored: no claim is judged by this.",
        model=subject,
    )


def _level_row(each: ModelMix, level: Level) -> tuple[str | int, ...]:
    chance = level.chance
    return (
        each.texts.model,
        level.k,
        level.n,
        _share(level.marks),
        percent(level.fraction[0]),
        _share(level.foretold),
        "–" if level.gap is None or level.k == 1 else _number(level.gap),
        "–" if chance is None else _share(chance),
        "–" if chance is None else "yes" if level.beyond_chance else "no",
    )


def _notes(found: Sequence[ModelMix]) -> str:
    """Say of every model where it saturates and what its texts are like."""
    told = []
    for each in found:
        first, low, high = each.saturation
        at = _k(first, each)
        asked = "as in a chat" if each.texts.chat else "to continue a text"
        told.append(
            f"{each.texts.model} was asked {asked}: the first k with less than {percent(SATURATED)} is {at} "
            f"({_k(low, each)} to {_k(high, each)}); {each.texts.different} of {len(each.texts.met)} texts "
            f"differ, {percent(each.texts.on_topic.mean())} name their topic, "
            f"{percent(each.texts.unfinished.mean())} were stopped before their end."
        )
    return " ".join(told)


def _k(k: int, each: ModelMix) -> str:
    last = each.levels[-1].k
    return str(k) if k <= last else f"more than {last}"


def _by_skill(found: Sequence[ModelMix], subject: str) -> Table:
    return Table(
        name="skill-emergence-mix-skills",
        title="Every skill of writing",
        columns=("model", "skill", "asked alone", "asked with others", "not asked", "beyond those"),
        rows=tuple(
            (
                each.texts.model,
                skill.name,
                *(_count(*kind) for kind in (skill.alone, skill.together, skill.others)),
                "yes" if skill.shown else "no",
            )
            for each in found
            for skill in each.skills
        ),
        note="Texts that show the skill. Many texts have no comma or name a number whatever was asked: a "
        "skill is there only where it is shown more often in texts that were asked for it than in all "
        "others, with Wilson's intervals apart at 5 % for all skills together. They are over sets of skills: "
        "all texts of a skill asked alone count as one, since a model may write the same on every topic.",
        model=subject,
    )


def _count(hits: int, n: int) -> str:
    return f"{hits} of {n}" if n else "–"


def _share(measure: Measure) -> str:
    return f"{percent(measure.value)} ({100 * measure.low:.0f} to {100 * measure.high:.0f})"


def _number(measure: Measure) -> str:
    low, high = (f"{end:.2f}" if np.isfinite(end) else "no end" for end in (measure.low, measure.high))
    return f"{measure.value:.2f} ({low} to {high})"
