"""The figure and the table of E6: gains by block, and every task's words beside its statistic."""

from __future__ import annotations

from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA
from taskscope.studies.task_vectors.projection.curves import gain_curves
from taskscope.studies.task_vectors.projection.findings import LABELS, Read
from taskscope.studies.task_vectors.projection.lens_figures import lens_figures, lens_tables
from taskscope.studies.task_vectors.projection.reading import CHANCE, PERMUTATIONS, Projection, gains_by_block
from taskscope.studies.task_vectors.projection.rows import CENTRED

N_SHOWN = 8
"""Most likely tokens in the table."""
NAMES = {THETA: "theta", CENTRED: CENTRED, BARE: LABELS[BARE], SWAPPED: LABELS[SWAPPED]}


def figures(found: Read) -> list[Figure]:
    """Draw one model's gains by block; nothing where no word can be read."""
    seen = found.projection
    if seen is None:
        return []
    figure = _figure(found, seen)
    return [figure] if found.tuned is None else [figure, *lens_figures(found.tuned)]


def _figure(found: Read, seen: Projection) -> Figure:
    gains = gains_by_block(found.readings)
    return Figure(
        name=f"task-vectors-{slug(found.model)}-projection",
        title="Does theta spell out its task",
        see="Where the curve of theta leaves the grey band, words that describe a task rank higher "
        f"under its own theta than under others'. The verdict reads block {seen.block}: a mean gain of "
        f"{seen.theta[0]:.3f}; a description word in first place gains 1.",
        alt=f"Line chart for {found.model}: mean gain of description words in reciprocal rank by block, "
        "for theta, theta without the mean of other tasks, and two controls, with the band that permuted "
        "task labels give.",
        spec=gain_curves({NAMES[kind]: gains[kind] for kind in NAMES}, gains[CHANCE], seen.block, 2),
        model=found.model,
    )


def tables(found: Read) -> list[Table]:
    """Tabulate every task: statistic, controls, and the tokens themselves."""
    seen = found.projection
    if seen is None:
        return []
    through = [] if found.tuned is None else lens_tables(found.tuned)
    rows = tuple(
        (
            task.task,
            "yes" if task.shows else "no",
            f"{len(task.words)} of {task.n_listed}",
            *(round(value, 4) for value in task.gain),
            float(f"{task.p:.3g}"),
            LABELS.get(task.strongest, task.strongest),
            round(task.controls[task.strongest], 4),
            round(task.centred, 4),
            None if task.outputs != task.outputs else round(task.outputs, 4),
            ", ".join(task.words),
            ", ".join(task.top.split("\n")[:N_SHOWN]),
            ", ".join(task.top_centred.split("\n")[:N_SHOWN]),
        )
        for task in seen.tasks
    )
    return [
        Table(
            name=f"task-vectors-{slug(found.model)}-projection",
            title="What theta spells out, task by task",
            columns=(
                "task",
                "shows its description",
                "words that can be read",
                "gain",
                "from",
                "to",
                "p",
                "strongest control",
                "its gain",
                "gain, mean of other tasks subtracted",
                "gain of output words",
                "the words",
                "most likely tokens",
                "most likely tokens, mean subtracted",
            ),
            rows=rows,
            note=f"Theta after block {seen.block}, through the final norm and the output head. Gain: mean "
            "reciprocal rank of the task's description words under its own thetas less that under thetas of "
            "tasks that neither list nor put out the word. "
            f"p: {PERMUTATIONS} permutations of task labels over whole sets of demonstrations, Holm over "
            "tasks. The words were chosen before anything was measured, and only those count that this "
            "tokenizer keeps apart from all other words. Lists dealt "
            f"to tasks at random reach the mean gain in {seen.p_dealt:.1%} of deals.",
            model=found.model,
        ),
        *through,
    ]
