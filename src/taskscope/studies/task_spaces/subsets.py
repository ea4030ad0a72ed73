"""The map on some of its judged pairs beside the map on all: no tuning and no passes anew (protocol 7, E8).

Words that are exchanged may be cut into different numbers of tokens, and then a margin is also one of
lengths; or one of them is commoner, and then it may be one of frequencies. Pairs of which that is not so are
judged by themselves, and likewise as many pairs drawn at random, for fewer pairs alone make another map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.stats.matrices import leave_one_out, off_diagonal, partial_correlation, same_group
from taskscope.studies.judgement import Measure
from taskscope.studies.randomness import stream
from taskscope.studies.task_spaces.params import TUNED
from taskscope.studies.task_spaces.spaces import Space
from taskscope.studies.task_spaces.statistics import bounded, compressed
from taskscope.studies.wording import percent

Array = np.ndarray
Key = tuple[int, int, str]
"""Seed, half and judged task."""
FEWEST_PAIRS = 4
"""Kept pairs of each seed and half, below which a task is left out."""
FEWEST_TASKS = 4
AS_COMMON = float(np.log(2))
"""Log ranks of tokens that count as equally common: one is at most twice as far down in the vocabulary."""
_DRAWS = 200
EQUAL, COMMON = "of equal length", "of words as common"


@dataclass(frozen=True)
class Subset:
    """The map on some pairs, of the tasks that have enough of them; effects are (tuned, judged)."""

    share: float
    """Of all judged pairs."""
    tasks: Array
    """(kept task,) int64 places in the space."""
    whole: Array
    """On all pairs, standard deviations of the margins of all pairs, as the next."""
    part: Array
    alike: Measure
    """Correlation of both off the diagonal; leaves out one task at a time."""
    chance: Measure
    """The same of as many pairs drawn at random: mean, and where 95 % lie."""


def kept(space: Space) -> dict[str, dict[Key, Array]]:
    """Say which judged pairs are of which kind; nothing where rows do not tell."""
    equal = {key: values == 0 for key, values in space.longer.items()}
    common = {key: np.abs(values) <= AS_COMMON for key, values in space.commoner.items()}
    return {name: masks for name, masks in ((EQUAL, equal), (COMMON, common)) if masks}


def subset(space: Space, masks: Mapping[Key, Array], name: str) -> Subset | None:
    """Judge on the pairs that are kept; None where fewer than `FEWEST_TASKS` tasks have enough of them.

    Args:
        space: The map, drawn by tuning.
        masks: (seed, half, task) to which of its judged pairs are kept, (pair,) bool.
        name: Seeds the draws.
    """
    gains = _gains(space)
    of_task = {task: [masks.get(key) for key in gains if key[2] == task] for task in space.tasks}
    tasks = np.flatnonzero([bool(some) and all(map(_enough, some)) for some in of_task.values()])
    if len(tasks) < FEWEST_TASKS:
        return None
    off = off_diagonal(len(tasks))

    def mapped(chosen: Mapping[Key, Array]) -> Array:
        return _map(space, gains, chosen, tasks)

    whole = mapped({key: np.ones(each.shape[1], dtype=bool) for key, each in gains.items()})
    part = mapped(masks)
    first, second = compressed(whole), compressed(part)

    def value(left: Array) -> float:
        cut = np.ix_(left, left)
        return partial_correlation(first[cut], second[cut], ())

    rng = stream("task-spaces subset", space.model, space.tasks, name)
    drawn = [
        float(np.corrcoef(first[off], compressed(mapped(_as_many(masks, rng)))[off])[0, 1])
        for _ in range(_DRAWS)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Subset(
        share=float(np.concatenate(list(masks.values())).mean()),
        tasks=tasks,
        whole=whole,
        part=part,
        alike=bounded(leave_one_out(value, len(tasks))),
        chance=Measure(float(np.mean(drawn)), float(low), float(high)),
    )


def _enough(mask: Array | None) -> bool:
    return mask is not None and int(mask.sum()) >= FEWEST_PAIRS


def _gains(space: Space) -> dict[Key, Array]:
    """Return gains of judged pairs by seed, half and judged task: (tuned, pair), nats."""
    after = space.after[TUNED]
    return {
        (seed, half, judged): np.stack([after[seed, half, tuned, judged] - before for tuned in space.tasks])
        for (seed, half, judged), before in space.first.items()
        if judged in space.tasks and all((seed, half, tuned, judged) in after for tuned in space.tasks)
    }


def _map(space: Space, gains: Mapping[Key, Array], chosen: Mapping[Key, Array], tasks: Array) -> Array:
    """Average gains over the chosen pairs, then over seeds and halves: (tuned, judged), in widths."""
    found = np.zeros((len(tasks), len(tasks)))
    for column, place in enumerate(tasks):
        keys = [key for key in gains if key[2] == space.tasks[place]]
        each = [gains[key][tasks][:, chosen[key]].mean(axis=1) for key in keys]
        found[:, column] = np.mean(each, axis=0) / space.widths[place]
    return found


def _as_many(masks: Mapping[Key, Array], rng: np.random.Generator) -> dict[Key, Array]:
    return {key: rng.permutation(mask) for key, mask in masks.items()}


def subsets_table(space: Space) -> Table | None:
    """Tabulate every kind of pairs; None where nothing was tuned, or rows do not tell the kinds."""
    masks = kept(space) if space.drawn == TUNED else {}
    found = {name: subset(space, some, name) for name, some in masks.items()}
    if not found:
        return None
    effects = space.effects(TUNED).mean(axis=0)
    rows: list[tuple[object, ...]] = [("all", "100 %", space.n, *_kinds(effects, space.groups), "–", "–")]
    for name, each in found.items():
        if each is None:
            share = percent(float(np.concatenate(list(masks[name].values())).mean()))
            rows.append((name, share, 0, "–", "–", "–", "–", "–"))
            continue
        groups = space.groups[each.tasks]
        told = zip(_kinds(each.part, groups), _kinds(each.whole, groups), strict=True)
        both = (f"{part} ({whole})" for part, whole in told)
        rows.append(
            (name, percent(each.share), len(each.tasks), *both, _told(each.alike), _told(each.chance))
        )
    return Table(
        name=f"task-spaces-{slug(space.model)}-subsets",
        title="Does the map rest on lengths, or on common words?",
        columns=(
            "judged pairs",
            "share",
            "tasks",
            "own task",
            "same phenomenon",
            "others",
            "same map",
            "as many at random",
        ),
        rows=tuple(rows),
        note="Mean change of the margin, standard deviations of all margins; in brackets the same of all "
        f"pairs of the same tasks, those with {FEWEST_PAIRS} such pairs in each half. Of equal length: both "
        "sentences have as many tokens. Of words as common: where the sentences differ, the mean number of "
        "the tokens in the vocabulary differs by a factor of two at most (tokenizers number what they merge, "
        "the most frequent first); pairs in which one sentence only adds a word are left out. Same map: "
        "correlation with that of all pairs off the diagonal, 95 % interval leaving out one task at a time; "
        f"as many at random: mean and range of 95 % of {_DRAWS} draws of as many pairs. What pairs were "
        f"learned from is the same in every row.{_frequency(space, effects)}",
        model=space.model,
    )


def _frequency(space: Space, effects: Array) -> str:
    """Say how far it tells transfer that two tasks prefer common words alike."""
    prefers = [
        np.concatenate([values for (*_, name), values in space.commoner.items() if name == task] or [[]])
        for task in space.tasks
    ]
    means = np.array(
        [np.mean(each[np.isfinite(each)]) if np.isfinite(each).any() else 0.0 for each in prefers]
    )
    both, alone = compressed(effects), np.outer(means, means)
    both = both + both.T
    if space.n < FEWEST_TASKS or not means.any():
        return ""
    value = bounded(
        leave_one_out(lambda k: partial_correlation(both[np.ix_(k, k)], alone[np.ix_(k, k)], ()), space.n)
    )
    return (
        " That two tasks' good sentences have commoner words than the bad ones, or rarer ones, in both tasks "
        f"(product of the two means) correlates {_told(value)} with transfer, both directions together."
        if np.isfinite(value.value)
        else ""
    )


def differences_table(space: Space) -> Table | None:
    """Tabulate by task how many pairs are of unequal length; None where rows do not tell."""
    if not space.longer:
        return None
    rows = []
    for i, task in enumerate(space.tasks):
        longer, commoner = (
            np.concatenate([values for (*_, name), values in each.items() if name == task] or [np.zeros(0)])
            for each in (space.longer, space.commoner)
        )
        known = commoner[np.isfinite(commoner)]
        if len(longer):
            many = f"{np.exp(known.mean()):.1f}" if len(known) else "–"
            rows.append(
                (task, space.phenomena[i], percent((longer != 0).mean()), f"{longer.mean():+.2f}", many)
            )
    return Table(
        name=f"task-spaces-{slug(space.model)}-differences",
        title="What good and bad sentences differ by",
        columns=("task", "phenomenon", "of unequal length", "good longer by", "good commoner by"),
        rows=tuple(rows),
        note="Judged pairs of both halves. Of unequal length: share of the pairs whose sentences have "
        "different numbers of tokens; good longer by: mean of the difference in tokens. Good commoner by: "
        "the factor by which tokens of the bad sentence stand further down in the vocabulary, where the two "
        "differ, geometric mean; below 1 the good sentence has the rarer ones, and a dash says that one "
        "sentence only adds words.",
        model=space.model,
    )


def _kinds(effects: Array, groups: Array) -> tuple[str, str, str]:
    """Print the mean effect on the own task, on others of its phenomenon, and on the rest."""
    off, same = off_diagonal(len(groups)), same_group(groups) == 1
    cells = (~off, off & same, ~same)
    own, inside, others = (f"{effects[each].mean():+.2f}" if each.any() else "–" for each in cells)
    return own, inside, others


def _told(value: Measure) -> str:
    return f"{value.value:.2f} ({value.low:.2f} to {value.high:.2f})"
