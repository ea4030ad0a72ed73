"""What the task-vector account claims, in plain words, with the published numbers."""

from __future__ import annotations

from taskscope.report.findings import Account, Claim, Published
from taskscope.studies.task_vectors import published


def _recovered() -> tuple[Published, ...]:
    """Recovered share per published model, computed from the paper's table as ours is from our rows."""
    note = published.source() + "; recovered share computed from them"
    return tuple(
        Published(label=model.name, value=round(model.recovered, 3), source=note)
        for model in published.models()
    )


def _depths() -> tuple[Published, ...]:
    """Relative depth of the best block per published model."""
    return tuple(
        Published(
            label=f"{model.name}: block {model.peak_block} of {model.blocks}",
            value=round(model.depth, 3),
            source=published.peak_source() + "; relative depth (block + 1) / blocks",
        )
        for model in published.models()
    )


def _conflicts() -> tuple[Published, ...]:
    """How often theta's own task was answered, per published pair."""
    return tuple(
        Published(
            label=f"{published.conflict_model()}: theta of {pair.injected} against {pair.shown}",
            value=pair.theta[1],
            source=published.conflict_source(),
        )
        for pair in published.conflicts()
    )


_FUNCTION_VECTORS = tuple(
    Published(
        label=f"{model}, 10 demonstrations",
        value=value,
        source=f"Todd et al. 2024, function vector added to a query alone, {tasks}, first answer token "
        "(quoted from notes on the paper)",
    )
    for model, value, tasks in (
        ("GPT-J 6B", 0.575, "mean over six tasks"),
        ("Llama-2 70B", 0.838, "mean over six tasks"),
    )
)

_COMPOSED = (
    Published(
        label="last of a list, then its capital",
        value=0.60,
        source="Todd et al. 2024, composed vector added to a query alone; the task's own vector gets 0.15, "
        "demonstrations 0.32 (quoted from notes on the paper)",
    ),
)


_CLAIMS = (
    Claim(
        number="C1",
        title="One vector carries the task",
        statement="The demonstrations are compressed into one vector, theta. Put into a prompt that "
        "shows the query alone, theta recovers most of the accuracy that the demonstrations give.",
        experiments=("E1", "E8"),
        published=_recovered(),
    ),
    Claim(
        number="C2",
        title="The hand-over is half-way",
        statement="The task is read from the demonstrations in the early blocks and applied to the query "
        "in the late ones: theta works when it is put in after a block in the middle, and not near "
        "either end.",
        experiments=("E1", "E2", "E8"),
        published=_depths(),
    ),
    Claim(
        number="C3",
        title="Theta identifies the task",
        statement="Thetas of one task lie close together whatever the demonstrations; different tasks "
        "lie apart.",
        experiments=("E3", "E4"),
    ),
    Claim(
        number="C4",
        title="Theta beats the demonstrations",
        statement="Shown demonstrations of one task but given the theta of another, the model does the "
        "other.",
        experiments=("E5",),
        published=_conflicts(),
    ),
    Claim(
        number="C5",
        title="Theta spells out its task",
        statement="Read through the output vocabulary, theta shows words that describe the task.",
        experiments=("E6",),
    ),
    Claim(
        number="C6",
        title="A few heads carry it",
        statement="A small set of attention heads, found by what each does to the answer, holds the task: "
        "the sum of what they write on average, a function vector, added to a query alone triggers the "
        "task.",
        experiments=("FV-1", "FV-2", "FV-3", "FV-4", "FV-5", "FV-6", "FV-7"),
        published=_FUNCTION_VECTORS,
    ),
    Claim(
        number="C7",
        title="Function vectors add up",
        statement="The function vector of a task in which two things are done is the sum of those of the "
        "tasks in which one of them is done, less that of the task in which neither is.",
        experiments=("FV-8",),
        published=_COMPOSED,
    ),
)

ACCOUNT = Account(
    name="task-vectors",
    title="Task vectors",
    papers=(
        "Hendel, Geva & Globerson 2023, In-Context Learning Creates Task Vectors, arXiv 2310.15916",
        "Todd et al. 2024, Function Vectors in Large Language Models, arXiv 2310.15213",
    ),
    question="Is the task shown by a few demonstrations held in one vector, somewhere in the middle of "
    "the model?",
    says="Show a language model 'apple->red, lime->green, corn->' and it answers 'yellow'. This account "
    "says that it does so in two steps: its early blocks look at the demonstrations and write down which "
    "task they show, as one vector (theta) at the last arrow; its late blocks apply that vector to the "
    "query. If so, the vector can be cut out and put into a prompt without any demonstration, 'corn->', "
    "and the model should still do the task.",
    measured="For every prompt of demonstrations we read theta at the arrow after two other queries, and "
    "overwrite with it the arrow's residual in a prompt that shows one query alone, after each block in "
    "turn. The answer is compared with the same model given no demonstrations (baseline) and all of them "
    "(regular), and with vectors that should not work: random ones of equal length, zeros, theta of "
    "another task, theta from demonstrations whose labels were swapped, and theta from no demonstrations "
    "at all. The block is chosen on other queries than those it is judged on.",
    how_to_read="Each row is a task. The vector should stand near 'with demonstrations' and away from "
    "the grey marks, which say how far one gets without a vector that holds the task.",
    claims=_CLAIMS,
)
