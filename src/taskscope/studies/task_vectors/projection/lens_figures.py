"""The figure and the tables of thetas read through a tuned lens, beside the logit lens (E6 iii)."""

from __future__ import annotations

from collections.abc import Sequence

from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA
from taskscope.studies.task_vectors.projection.curves import gain_curves
from taskscope.studies.task_vectors.projection.reading import CHANCE, PERMUTATIONS, Projection, gains_by_block
from taskscope.studies.task_vectors.projection.rows import Readings
from taskscope.studies.task_vectors.projection.through_lens import ThroughLens

N_SHOWN = 8
"""Most likely tokens in the table."""
TUNED, LOGIT = "theta, tuned lens", "theta, logit lens"
CONTROLS = {
    BARE: "no demonstrations, the same dummies, tuned lens",
    SWAPPED: "theta of swapped labels, tuned lens",
}


def lens_figures(found: ThroughLens, plain: Sequence[Readings], by_logit: Projection) -> list[Figure]:
    """Draw gains by block through both lenses.

    Args:
        found: Through the tuned lens.
        plain: The same tasks, and maybe more, through the logit lens.
        by_logit: What these give at the block that is read.
    """
    gains = gains_by_block(found.readings)
    tasks = [each.task for each in found.readings]
    logit = gains_by_block([each for each in plain if each.task in tasks])
    curves = {TUNED: gains[THETA], LOGIT: logit[THETA]}
    curves |= {name: gains[kind] for kind, name in CONTROLS.items()}
    seen = found.projection
    return [
        Figure(
            name=f"task-vectors-{slug(found.model)}-tuned-lens",
            title="Does theta spell out its task, through a tuned lens",
            see=f"{_fit(found)} Through it theta shows words that describe its task on {seen.n_shown} of "
            f"{len(seen.tasks)} tasks, through the logit lens on {by_logit.n_shown} of "
            f"{len(by_logit.tasks)}; the mean gain is {seen.theta[0]:.3f}, there {by_logit.theta[0]:.3f}. "
            "The verdict rests on the logit lens alone.",
            alt=f"Line chart for {found.model}: mean gain of description words in reciprocal rank by block, "
            "for theta through a tuned lens and through the logit lens, and two controls through the tuned "
            "lens, with the band that permuted task labels give.",
            spec=gain_curves(curves, gains[CHANCE], seen.block, 2),
            model=found.model,
        )
    ]


def _fit(found: ThroughLens) -> str:
    """Say whether the lens has learnt anything at the block that is read."""
    fit = found.fit
    if fit.block == len(found.fits) - 1:
        return "After the last block both lenses are the same."
    told = (
        f"On held-out text the tuned lens of block {fit.block} is {fit.tuned:.2f} nats off what the model "
        f"says, the logit lens {fit.logit:.2f}"
    )
    return f"{told}." if fit.learnt else f"{told}: it has not learnt."


def lens_tables(found: ThroughLens, by_logit: Projection) -> list[Table]:
    """Tabulate every task beside the logit lens, and every block's lens on held-out text."""
    return [_tasks(found, by_logit), _blocks(found)]


def _tasks(found: ThroughLens, by_logit: Projection) -> Table:
    seen, plain = found.projection, {task.task: task for task in by_logit.tasks}
    rows = []
    for task in seen.tasks:
        other = plain.get(task.task)
        rows.append(
            (
                task.task,
                "yes" if task.shows else "no",
                *(round(value, 4) for value in task.gain),
                float(f"{task.p:.3g}"),
                None if other is None else round(other.gain[0], 4),
                *(round(task.controls[kind], 4) for kind in CONTROLS),
                _rounded(task.outputs),
                None if other is None else _rounded(other.outputs),
                ", ".join(task.top.split("\n")[:N_SHOWN]),
            )
        )
    return Table(
        name=f"task-vectors-{slug(found.model)}-tuned-lens",
        title="What theta spells out through a tuned lens, task by task",
        columns=(
            "task",
            "shows its description",
            "gain",
            "from",
            "to",
            "p",
            "gain, logit lens",
            "gain, no demonstrations",
            "gain, swapped labels",
            "gain of output words",
            "the same, logit lens",
            "most likely tokens",
        ),
        rows=tuple(rows),
        note=f"Theta after block {seen.block}, moved by an affine map of this block before the final norm "
        "and the output head. The map is tuned on plain paragraphs such that what is read comes close to "
        f"what the model says there. {_fit(found)} Gains, controls and p ({PERMUTATIONS} permutations, "
        "Holm over tasks) as through the logit lens, on the sets of demonstrations of the first seed. Lists "
        f"dealt to tasks at random reach the mean gain in {seen.p_dealt:.1%} of deals. No verdict rests on "
        "this.",
        model=found.model,
    )


def _rounded(value: float) -> float | None:
    return None if value != value else round(value, 4)


def _blocks(found: ThroughLens) -> Table:
    last = len(found.fits) - 1
    return Table(
        name=f"task-vectors-{slug(found.model)}-tuned-lens-fit",
        title="How far both lenses are off what the model says, block by block",
        columns=("block", "logit lens", "tuned lens", "texts on which the tuned one is nearer", "has learnt"),
        rows=tuple(
            (
                fit.block,
                round(fit.logit, 4),
                round(fit.tuned, 4),
                f"{fit.n_better} of {fit.n_texts}",
                "nothing to learn" if fit.block == last else "yes" if fit.learnt else "no",
            )
            for fit in found.fits
        ),
        note="Nats (Kullback-Leibler from what is read after the last block), mean over "
        f"{found.fits[0].n_tokens} tokens of text on which nothing was tuned.",
        model=found.model,
    )
