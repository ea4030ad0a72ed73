"""The tables of section 8: the best voter beside its controls, and replaced heads."""

from __future__ import annotations

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.influence.findings import Influence


def tables(found: Influence) -> list[Table]:
    """Tabulate one model and task."""
    return [_foretold(found), _ablations(found)]


def _foretold(found: Influence) -> Table:
    block, head = found.sites[found.chosen]
    rows = [
        (f"best voter (block {block}, head {head})", *map(_told, found.head)),
        ("its mean weight at each position", *map(_told, found.by_position)),
        ("beyond positions", _told(found.beyond_position), None, None, None),
        ("its weights dealt out anew", *map(_told, found.permuted)),
    ]
    if found.same_block is not None:
        rows.append(("other heads of its block", _told(found.same_block), None, None, None))
    return Table(
        name=f"kernel-regression-{slug(found.model)}-{slug(found.task)}-influence",
        title=f"Do weights foretell what a label does: {found.task}",
        columns=(
            *("weights of", "correlation", "slope, probability", "slope, log-odds (nats)"),
            "most influential outweighs another",
        ),
        rows=tuple(rows),
        note=f"Each label in {found.n_questions} prompts was swapped in turn. Correlation within prompts "
        "with the change of log p(new label) - log p(old label); slope of the change of probability on "
        "twice the weight, 1 where the label's law is the head's vote; slope of log-odds, the factor between "
        "logits and vote where one is a multiple of the other; the last column is 1/2 by chance. 'Beyond "
        "positions': the mean at each position is taken out of weights and effects, because both may grow "
        "towards the query whatever the texts are. The voter was chosen on other questions.",
        model=found.model,
    )


def _ablations(found: Influence) -> Table:
    rows = [("nothing", "", 0, _told(found.intact), "", "")]
    for one in found.ablations:
        beyond = "" if one.beyond is None else _told(one.beyond)
        rows.append((one.replaced, one.by, one.n_heads, _told(one.accuracy), _told(one.lost), beyond))
    return Table(
        name=f"kernel-regression-{slug(found.model)}-{slug(found.task)}-ablation",
        title=f"Accuracy with heads replaced at the last token: {found.task}",
        columns=("heads replaced", "by", "heads", "accuracy", "lost", "lost beyond matched heads"),
        rows=tuple(rows),
        note="Zero, or the head's mean over other prompts, in place of its output. Matched heads: others of "
        "the same blocks at random, and those whose attention on labels comes nearest; the last column is "
        "against whichever of the two loses more.",
        model=found.model,
    )


def _told(measure: Measure) -> str:
    return f"{measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})"
