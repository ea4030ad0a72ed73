"""The figure and the tables of thetas read through a tuned lens, beside the logit lens (E6 iii)."""

from __future__ import annotations

from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA
from taskscope.studies.task_vectors.projection.curves import gain_curves
from taskscope.studies.task_vectors.projection.lens_rows import Off
from taskscope.studies.task_vectors.projection.reading import CHANCE, PERMUTATIONS, gains_by_block
from taskscope.studies.task_vectors.projection.through_lens import ThroughLens

N_SHOWN = 8
"""Most likely tokens in the table."""
TUNED, LOGIT = "theta, tuned lens", "theta, logit lens"
CONTROLS = {
    BARE: "no demonstrations, the same dummies, tuned lens",
    SWAPPED: "theta of swapped labels, tuned lens",
}


def lens_figures(found: ThroughLens) -> list[Figure]:
    """Draw gains by block through both lenses."""
    gains, logit = gains_by_block(found.readings), gains_by_block(found.plain)
    curves = {TUNED: gains[THETA], LOGIT: logit[THETA]}
    curves |= {name: gains[kind] for kind, name in CONTROLS.items()}
    seen, by_logit = found.projection, found.by_logit
    return [
        Figure(
            name=f"task-vectors-{slug(found.model)}-tuned-lens",
            title="Does theta spell out its task, through a tuned lens",
            see=f"{_fit(found)} On the sets of demonstrations of the first seed theta shows words that "
            f"describe its task on {seen.n_shown} of {len(seen.tasks)} tasks through it, through the logit "
            f"lens on {by_logit.n_shown}; the mean gain is {seen.theta[0]:.3f}, there "
            f"{by_logit.theta[0]:.3f}. The verdict rests on the logit lens alone.",
            alt=f"Line chart for {found.model}: mean gain of description words in reciprocal rank by block, "
            "for theta through a tuned lens and through the logit lens, and two controls through the tuned "
            "lens, with the band that permuted task labels give.",
            spec=gain_curves(curves, gains[CHANCE], seen.block, 2),
            model=found.model,
        )
    ]


def _fit(found: ThroughLens) -> str:
    """Say how good the lens is at the block that is read, and whether it says anything of theta."""
    fit = found.fit
    if fit.block == len(found.fits) - 1:
        return "After the last block both lenses are the same."
    told = (
        f"From what is read after the last block the tuned lens of block {fit.block} is {fit.text.tuned:.2f} "
        f"nats off on held-out text and {fit.thetas.tuned:.2f} at the prompts of theta, the logit lens "
        f"{fit.text.logit:.2f} and {fit.thetas.logit:.2f}"
    )
    if fit.better:
        return f"{told}: the tuned one is nearer at both."
    places = {"on held-out text": fit.nearer_on_text, "at the prompts of theta": fit.nearer_at_thetas}
    worse = " or ".join(place for place, nearer in places.items() if not nearer)
    return f"{told}: it is not reliably nearer {worse}, so this comparison says nothing."


def lens_tables(found: ThroughLens) -> list[Table]:
    """Tabulate every task beside the logit lens, and how far off every block's lens is."""
    return [_tasks(found), _blocks(found)]


def _tasks(found: ThroughLens) -> Table:
    seen = found.projection
    rows = []
    for task, other in zip(seen.tasks, found.by_logit.tasks, strict=True):
        rows.append(
            (
                task.task,
                "yes" if task.shows else "no",
                *(round(value, 4) for value in task.gain),
                float(f"{task.p:.3g}"),
                round(other.gain[0], 4),
                *(round(task.controls[kind], 4) for kind in CONTROLS),
                _rounded(task.outputs),
                _rounded(other.outputs),
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
        "and the output head. The map is tuned, on plain paragraphs and on prompts of other kinds of "
        "tasks, such that what is read comes close to what is read there after the last block. "
        f"{_fit(found)} Gains, controls and p ({PERMUTATIONS} permutations, Holm over tasks) as through the "
        "logit lens, both on the sets of demonstrations of the first seed; not all tasks are read "
        "through one map here, and p counts what differs between maps as well. Lists dealt to tasks at "
        f"random reach the mean gain in {seen.p_dealt:.1%} of deals. No verdict rests on this.",
        model=found.model,
    )


def _rounded(value: float) -> float | None:
    return None if value != value else round(value, 4)


def _blocks(found: ThroughLens) -> Table:
    last, first = len(found.fits) - 1, found.fits[0]
    return Table(
        name=f"task-vectors-{slug(found.model)}-tuned-lens-fit",
        title="How far both lenses are off the read-out after the last block, block by block",
        columns=(
            "block",
            "text: logit lens",
            "text: tuned lens",
            "pieces where nearer",
            "prompts: logit lens",
            "prompts: tuned lens",
            "tasks where nearer",
            "nearer at both",
        ),
        rows=tuple(
            (
                fit.block,
                *_columns(fit.text),
                *_columns(fit.thetas),
                "nothing to learn" if fit.block == last else "yes" if fit.better else "no",
            )
            for fit in found.fits
        ),
        note="Nats (Kullback-Leibler from what is read after the last block), mean over "
        f"{first.text.n_states} tokens of text on which nothing was tuned, and over the last arrows of "
        f"{first.thetas.n_states} prompts, over whose dummies theta is the mean. The tuned lens counts as "
        "nearer at both if it is so on every piece of text, and at the prompts of theta on average and on "
        "more tasks than a coin would have it (sign test, 5 %). No map is tuned on the tasks it reads, nor, "
        "where there are several groups, on others of theirs.",
        model=found.model,
    )


def _columns(off: Off) -> tuple[float, float, str]:
    return round(off.logit, 4), round(off.tuned, 4), f"{off.n_nearer} of {off.n}"
