"""Task spaces as numbers: similarity inside phenomena beside the published table, and every task."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.stats.matrices import off_diagonal
from taskscope.studies.task_spaces.accuracies import accuracy_table
from taskscope.studies.task_spaces.findings import Result
from taskscope.studies.task_spaces.forms import forms_table
from taskscope.studies.task_spaces.hypotheses import hypothesis_table, rivals_table
from taskscope.studies.task_spaces.hypothesis_files import Hypothesis
from taskscope.studies.task_spaces.kinds import pattern
from taskscope.studies.task_spaces.likenesses import likeness_table
from taskscope.studies.task_spaces.params import ALL_CONDITIONS, PREDICTED, TUNED
from taskscope.studies.task_spaces.polarity import polarity_table
from taskscope.studies.task_spaces.spaces import Space
from taskscope.studies.task_spaces.statistics import common_mode, compressed
from taskscope.studies.task_spaces.subsets import differences_table, subsets_table
from taskscope.studies.wording import percent
from taskscope.tasks.pair_files import UNGROUPED


@cache
def published() -> dict[str, Any]:
    """Return the published similarities inside phenomena: mean and standard deviation by model."""
    return json.loads((Path(__file__).parent / "published.json").read_text(encoding="utf-8"))


def tables(found: Result, hypothesis: Hypothesis | None = None) -> list[Table]:
    """Tabulate phenomena, tasks, ways of tuning, what gradients tell of it, the map, and what tasks share.

    Args:
        found: One model.
        hypothesis: A user's own, where there is one.
    """
    space = found.space
    tuned = [_ways(found)] if space.drawn == TUNED else []
    asked = (
        _apart(found),
        accuracy_table(space),
        hypothesis_table(found),
        rivals_table(found, hypothesis),
        forms_table(space),
        polarity_table(space),
        subsets_table(space),
        differences_table(space),
        likeness_table(space),
    )
    more = [each for each in asked if each is not None]
    return [_phenomena(space), _tasks(space), *tuned, _first_order(space), *more]


def _phenomena(space: Space) -> Table:
    shares = space.headroom(space.drawn)
    rows = []
    for name in dict.fromkeys(space.phenomena):
        inside = np.flatnonzero(np.array(space.phenomena) == name)
        if len(inside) < 2 or name == UNGROUPED:
            continue
        block = shares[np.ix_(inside, inside)]
        words = space.likeness["words"][np.ix_(inside, inside)]
        off = ~np.eye(len(inside), dtype=bool)
        cells = block[off]
        theirs = published()["within"].get(name)
        told = tuple(f"{mean:.2f} ± {sd:.2f}" for mean, sd in theirs) if theirs else ("–",) * 3
        own = f"{cells.mean():+.2f} ± {cells.std(ddof=1):.2f}"
        right = percent(space.accuracy[inside].mean())
        # The bounds of the patterns are for accuracy that was won or lost, which gradients do not tell.
        named = pattern(cells) if space.drawn == TUNED else "–"
        rows.append((name, right, len(cells), own, f"{words[off].mean():+.2f}", named, *told))
    return Table(
        name=f"task-spaces-{slug(space.model)}-phenomena",
        title="Similarity inside phenomena",
        columns=(
            "phenomenon",
            "right at first",
            "pairs of tasks",
            "similarity",
            "words alone",
            "pattern",
            *published()["models"],
        ),
        rows=tuple(rows),
        note="Mean and standard deviation (n - 1) over ordered pairs of different tasks of "
        f"{_SIMILARITY[space.drawn]} "
        "Words alone: cosine of the words by which good sentences differ from bad ones. "
        "The last columns are published, for models of 27, 70 and 203 M weights on BLiMP. "
        "Two pairs are no more than two points.",
        model=space.model,
    )


def _mean(values: np.ndarray) -> str:
    """Print a mean of changes; a dash where no other task was tuned."""
    return f"{values.mean():+.2f}" if len(values) else "–"


def _tasks(space: Space) -> Table:
    effects, off = space.effects(space.drawn).mean(axis=0), ~np.eye(space.n, dtype=bool)
    rows = tuple(
        (
            task,
            space.phenomena[i],
            percent(space.accuracy[i]),
            f"{effects[i, i]:+.2f}",
            _mean(effects[i][off[i]]),
            _mean(effects[:, i][off[i]]),
            f"{space.steps[TUNED, task]:.0f}" if space.drawn == TUNED else "–",
        )
        for i, task in enumerate(space.tasks)
    )
    return Table(
        name=f"task-spaces-{slug(space.model)}-tasks",
        title="Every task",
        columns=(
            "task",
            "phenomenon",
            "right at first",
            "own gain",
            "gives",
            "gets",
            "steps",
        ),
        rows=rows,
        note="Right at first: share of pairs whose good sentence is likelier to the unchanged model; 50 % is "
        f"guessing. {_GAINS[space.drawn]} in standard deviations of the task's margins at first: its own, "
        "and in the mean what it gives to others and gets from them.",
        model=space.model,
    )


def _ways(found: Result) -> Table:
    space, isolated = found.space, found.numbers and found.numbers.isolation
    rows = []
    for name in ALL_CONDITIONS:
        if isolated is None or name not in space.after:
            continue
        steps = np.mean([n for (condition, _), n in space.steps.items() if condition == name])
        own, others = isolated.own[name], isolated.others[name]
        shared = common_mode(space.effects(name).mean(axis=0))
        told = percent(shared) if np.isfinite(shared) else "–"
        weights = f"{space.changed[name]:,.0f}"
        alike = "–" if name == TUNED else f"{_alike(space, name):+.2f}"
        rows.append((_WAYS[name], f"{own:+.2f}", f"{others:.2f}", told, alike, weights, f"{steps:.1f}"))
    return Table(
        name=f"task-spaces-{slug(space.model)}-ways",
        title="Ways of tuning",
        columns=(
            "way",
            "own gain",
            "change of others",
            "common mode",
            "same map",
            "weights changed",
            "steps",
        ),
        rows=tuple(rows),
        note="Mean over tasks, in standard deviations of margins; the change of others without its sign. "
        "Common mode: of the variance of what is done to others, the share that rows and columns tell; "
        f"chance alone gives {percent(2 / space.n)} or so. Same map: correlation, off the diagonal, with the "
        "map of gradient differences; with all labels exchanged it should be far below 0.",
        model=space.model,
        headline=("way", "own gain", "change of others"),
    )


def _alike(space: Space, condition: str) -> float:
    """Correlate, off the diagonal, what a way of tuning does with the map."""
    off = off_diagonal(space.n)
    first, second = (compressed(space.effects(name).mean(axis=0))[off] for name in (TUNED, condition))
    spread = first.std() * second.std()
    return float(((first - first.mean()) * (second - second.mean())).mean() / spread) if spread else 0.0


def _apart(found: Result) -> Table | None:
    """Tabulate the map as drawn beside that of pairs without a word in common, on the same tasks (E8)."""
    space, apart = found.space, found.space.apart
    if apart is None or apart.n < 3 or found.numbers is None:
        return None
    place = [space.tasks.index(task) for task in apart.tasks]
    ours = space.effects(TUNED).mean(axis=0)[np.ix_(place, place)]
    theirs = apart.effects(TUNED).mean(axis=0)
    off = off_diagonal(apart.n)
    same = (apart.groups[:, None] == apart.groups[None, :]) & off
    other = (apart.groups[:, None] != apart.groups[None, :]) & off
    rows = [
        (name, *(_mean(each[cells]) for each in (ours, theirs)))
        for name, cells in (
            ("the task tuned on", ~off),
            ("others of its phenomenon", same),
            ("tasks of other phenomena", other),
        )
    ]
    alike = np.corrcoef(compressed(ours)[off], compressed(theirs)[off])[0, 1]
    return Table(
        name=f"task-spaces-{slug(space.model)}-apart",
        title="Learning and judging without a word in common",
        columns=("effect of tuning on", "pairs at random", "no content word in common"),
        rows=tuple(rows),
        note=f"Mean change of the margin, in standard deviations, on the {apart.n} tasks that have such "
        "pairs; words of grammar, and words of a task's frame, are in both. The columns also differ in which "
        "pairs, how many, and in halves (two on the left, one on the right): what is lost from left to right "
        "bounds roughly what was learned of single nouns, verbs and adjectives, and chance in the pairs is "
        f"in it. Off the diagonal the two maps correlate {alike:.2f}.",
        model=space.model,
    )


def _first_order(space: Space) -> Table:
    """Tabulate the licence of maps drawn from gradients: prediction beside measurement (E6)."""
    off = off_diagonal(space.n)
    predicted = compressed(space.effects(PREDICTED).mean(axis=0))
    asked = [("one small step, another task", space.slopes[0][off], space.stepped[off])]
    asked.append(("one small step, any task", space.slopes[0].ravel(), space.stepped.ravel()))
    if space.drawn == TUNED:
        tuned = compressed(space.effects(TUNED).mean(axis=0))
        asked.append(("tuning, another task", predicted[off], tuned[off]))
    rows = []
    for name, told, measured in asked:
        known = np.isfinite(told) & np.isfinite(measured)
        x, y = told[known], measured[known]
        if len(x) < 3 or not x.std() or not y.std():
            continue
        rows.append((name, len(x), f"{np.corrcoef(x, y)[0, 1]:.3f}", f"{(x @ y) / (x @ x):.2f}"))
    return Table(
        name=f"task-spaces-{slug(space.model)}-first-order",
        title="What gradients tell of tuning",
        columns=("what is predicted", "pairs of tasks", "correlation", "slope"),
        rows=tuple(rows),
        note="Prediction: the product of one task's gradient, on the weights chosen for it, with another's. "
        "Small steps gain a twentieth of a standard deviation on their own task; where they correlate .95 or "
        "more with the prediction, a map of gradients stands for one of small steps. Tuning goes further, "
        "and Adam elsewhere than the gradient: effects there are compressed.",
        model=space.model,
    )


_SIMILARITY = {
    TUNED: "the accuracy gained by tuning on one and judged on the other, as a share of what could be won "
    "or lost.",
    PREDICTED: "the change of the margin that gradients predict for a step on one, judged on the other, as a "
    "share of what the step gains on its own task. Nothing was tuned, so no accuracy was gained: these "
    "numbers are not those of the published columns, and no pattern is named.",
}
"""What the table of phenomena shows, by what the map is drawn from."""
_GAINS = {TUNED: "Gains", PREDICTED: "Gains that gradients predict for one step, not measured,"}
_WAYS = {
    "difference": "gradient differences",
    "plain": "plain training on the good sentences",
    "scattered": "gradient differences, weights drawn at random",
    "shuffled": "gradient differences, labels exchanged at random",
    "whole": "gradient differences, all weights",
    "plain-masked": "plain training, weights chosen by gradient differences",
    "reversed": "gradient differences, all labels exchanged",
}
