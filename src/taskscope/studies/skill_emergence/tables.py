"""Every simulated number, and the calculator's answers that belong beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taskscope.report.findings import Table
from taskscope.studies.skill_emergence.emergence import LINEAR, MODES
from taskscope.studies.skill_emergence.findings import SUBJECT
from taskscope.studies.skill_emergence.grids import Adversaries, Emergence
from taskscope.studies.skill_emergence.params import SkillEmergenceParams
from taskscope.studies.skill_emergence.rows import CHANCE, CLUSTERED, WORST
from taskscope.theory.scaling_laws.published import PUBLISHED
from taskscope.theory.skill_graph import inverse, links, tuples
from taskscope.theory.skill_graph import stimulus as calculator

SKILLS = 10_000
"""Skills of the paper's examples."""


def adversaries(found: Sequence[Adversaries]) -> Table:
    """Tabulate the worst failures by setting."""

    def mean(each: Adversaries, kind: str) -> str:
        values = each.beta.get(kind)
        return "–" if values is None else f"{values.mean():.4f}"

    rows = tuple(
        (
            each.name,
            "all sets tried" if each.enumerated else "searched",
            len(each.beta.get(WORST, ())),
            mean(each, WORST),
            f"{each.exact:.4f}",
            f"{each.certified:.4f}",
            f"{each.theorem:.4f}",
            mean(each, CHANCE),
            mean(each, CLUSTERED),
            f"{max((float(v.max()) for k, v in each.above.items() if k == WORST), default=0):.1%}",
        )
        for each in found
    )
    return Table(
        name="skill-emergence-adversaries",
        title="How far failures gather on the worst skills",
        columns=(
            *("setting", "adversary", "graphs", "worst found", "exact for many texts", "certified 99.9 %"),
            *("theorem", "random failures", "clustered skills", "skills past the theorem"),
        ),
        rows=rows,
        note="beta: failure share of the left-out skills over the average. Where all sets are tried the "
        "skills of a text are distinct and the certificate is the closed form, which holds for them; "
        "elsewhere it is from the exact tail of the binomial. The exact value is for endless texts: finite "
        "graphs lie a little above. What a search finds is a lower bound on the worst case.",
        model=SUBJECT,
    )


def emergence(found: Emergence, params: SkillEmergenceParams) -> Table:
    """Tabulate competence along the law in all modes, with the guarantee."""
    rows = []
    for place, tokens in enumerate(found.tokens):
        theta = float(found.theta[LINEAR][place])
        modes = [found.competence[LINEAR, mode].mean(axis=0)[place] for mode in MODES]
        sure = [float(tuples.tensor(params.alpha, theta, params.k, t)) for t in found.sizes]
        cells = [" / ".join(f"{value:.3f}" for value in values) for values in (*modes, sure)]
        rows.append((f"{tokens:.0e}", f"{theta:.4f}", *cells))
    return Table(
        name="skill-emergence-law",
        title="Competence along the scaling law",
        columns=("tokens", "failed texts", *MODES, "guaranteed (tensor rule)"),
        rows=tuple(rows),
        note=f"Mean over the worst {params.alpha:.0%} of sets of {', '.join(map(str, found.sizes))} skills. "
        "0 means that nothing is guaranteed.",
        model=SUBJECT,
    )


def mechanisms(records: Sequence[dict[str, Any]]) -> Table:
    """Tabulate the other laws of learning, simulated and predicted."""
    return Table(
        name="skill-emergence-other-laws",
        title="Other laws by which skills may come",
        columns=("law", "condition", "at", "simulated", "predicted"),
        rows=tuple(
            (r["law"], r["condition"], f"{r['x']:g}", f"{r['simulated']:.4f}", f"{r['predicted']:.4f}")
            for r in records
        ),
        note="Peeling: share of skills never learned, by texts for each skill. Product: all abilities are "
        "there, at the step where that is an even chance. Quantization: skills are learned in the order of "
        "their use. Percolation: links in units of the threshold.",
        model=SUBJECT,
    )


def tolerable() -> Table:
    """Tabulate how many texts may fail for a wanted competence."""
    wanted = (0.5, 0.7, 0.9)
    return Table(
        name="skill-emergence-inverse",
        title="How many texts may a model fail on?",
        columns=("skills of a text", *(f"for competence {c:g} on 80 % of skills" for c in wanted)),
        rows=tuple(
            (k, *(f"{inverse.largest_theta(0.2, k, c):.2%}" for c in wanted)) for k in (2, 4, 8, 16, 32)
        ),
        model=SUBJECT,
    )


def scale() -> Table:
    """Tabulate what published scaling laws say of excess loss, separate skills and reachable tuples."""
    decades = np.array([1e10, 1e11, 1e12, 1e13])
    return Table(
        name="skill-emergence-scale",
        title="What scale buys, by published fits",
        columns=(
            *("fit", "excess at 1e10 / 1e11 / 1e12 / 1e13 tokens", "tokens to halve the data's excess"),
            *("excess of 10,000 skills learned apart", "sets reached from 1e10 to 1e13"),
        ),
        rows=tuple(
            (
                each.source,
                " / ".join(f"{value:.3f}" for value in each.law.joint_excess(decades)),
                f"×{each.law.tokens_to_halve():.1f}",
                f"×{each.law.cost_of_separate_skills(SKILLS):.1f}",
                f"{each.law.reachable_tuple(1e10, 1e13):.1f}",
            )
            for each in PUBLISHED.values()
        ),
        note="Nats per token; parameters are a twentieth of the tokens. The irreducible loss cannot be told "
        "from one corpus, and small excesses rest on it: the two groups of fits differ by half in the last "
        "column.",
        model=SUBJECT,
    )


def readings() -> Table:
    """Tabulate the four links from excess loss to mistakes, and the growth of sets that each would bring."""
    law = PUBLISHED["hoffmann"].law
    rows = []
    for link in links.LINKS:
        at_1e10, at_1e13 = (
            float(links.error(law.joint_excess(tokens), link, 0.1)) for tokens in (1e10, 1e13)
        )
        shares = (f"{float(links.error(excess, link)):.1%}" for excess in (0.1, 0.5))
        rows.append((links.MEANINGS[link], *shares, f"×{(at_1e10 / at_1e13) ** (1 / 3):.2f}"))
    return Table(
        name="skill-emergence-links",
        title="From excess loss to mistakes",
        columns=(
            *("link", "mistakes at 0.1 nats", "at 0.5 nats"),
            "guaranteed growth of sets per decade, 1e10 to 1e13 tokens",
        ),
        rows=tuple(rows),
        note="Nobody has shown which of them real questions follow. The growth is by the law of Hoffmann et "
        "al., at a tenth of the excess.",
        model=SUBJECT,
    )


def stimulus() -> Table:
    """Tabulate how many sets of skills could have been seen."""
    texts, k = 1e11, 16
    rows = []
    for t in (2, 3, 4, 8):
        seen = calculator.coverage(texts, k, t, SKILLS)
        share = f"{seen:.0%}" if seen > 0.005 else f"{seen:.1e}"
        rows.append((t, f"10^{calculator.log10_tuples(SKILLS, t):.1f}", share))
    return Table(
        name="skill-emergence-stimulus",
        title="Sets of skills that can have been seen",
        columns=("skills used together", "sets", "seen at least once"),
        rows=tuple(rows),
        note=f"{texts:.0e} texts of {k} skills each, of {SKILLS:,} in all. Competence on sets that were not "
        "seen cannot come from having seen them.",
        model=SUBJECT,
    )
