"""From stored rows to the task space of each model: how tuning on each task moves every other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskscope.studies.columns import where
from taskscope.studies.task_spaces.params import APART, PREDICTED, TUNED
from taskscope.studies.task_spaces.rows import PAIR, SCORE, SIZE, STEP, TRANSFER
from taskscope.studies.task_spaces.scores import ByPairs, described, first_margins, steps_of
from taskscope.tasks.minimal_pairs import PHENOMENA
from taskscope.tasks.pair_files import UNGROUPED

Array = np.ndarray
_STRENGTH = 2.0
"""Standard deviations that a predicted step gains on its own task."""
_ROUNDING = 1e-4
"""Nats by which scores of one pair differ at most from batch to batch."""
_TUNED_COLUMNS = ["seed", "half", "tuned", "judged", "condition", "margins", "steps", "changed"]
LIKENESSES = ("gradient", "overlap", "untrained", "words", "word_pairs")
"""Columns that compare two tasks without tuning."""


@dataclass(frozen=True)
class Space:
    """Everything measured on one model; tasks of one phenomenon stand together."""

    model: str
    weights: str
    """Identity of the weights, see `rows`; empty where rows do not tell."""
    tasks: tuple[str, ...]
    phenomena: tuple[str, ...]
    """Of each task."""
    first: ByPairs
    """(seed, half, task) to the margins of the unchanged model (pair,), nats."""
    after: dict[str, dict[tuple[int, int, str, str], Array]]
    """Condition to (seed, half, tuned, judged) to margins (pair,)."""
    steps: dict[tuple[str, str], float]
    """(condition, tuned) to the mean number of steps."""
    changed: dict[str, float]
    """Condition to the mean number of weights that were changed."""
    slopes: Array
    """(half, tuned, judged) what the judged task gains for each nat of the other, by gradients, mean over
    seeds; nan where no gradients were taken."""
    stepped: Array
    """(tuned, judged) the same in the first half, measured after one small step; nan where none was taken."""
    apart: Space | None
    """The map by gradient differences where pairs learned from and judged share no content word, of the tasks
    that have such pairs; its `after` knows that one way of tuning, from one half."""
    likeness: dict[str, Array]
    """Name of `LIKENESSES` to (task, task), the mean over seeds; zero on the diagonal."""
    fields: tuple[str, ...] = ()
    """Field of linguistics of each task; empty where it has none, or rows do not tell."""
    longer: ByPairs = field(default_factory=dict)
    """(seed, half, task) to the tokens of good sentences less those of bad ones (pair,), where rows tell."""
    commoner: ByPairs = field(default_factory=dict)
    """The same to how much commoner tokens of good sentences are, log ranks; nan where none is exchanged."""

    @property
    def n(self) -> int:
        """Tasks."""
        return len(self.tasks)

    @property
    def drawn(self) -> str:
        """What the map is drawn from: tuning by gradient differences, or gradients alone."""
        return TUNED if TUNED in self.after else PREDICTED

    @cached_property
    def groups(self) -> Array:
        """(task,) int64: the number of each task's phenomenon; tasks of none have a number each."""
        own = [
            f"{UNGROUPED} {task}" if name == UNGROUPED else name
            for task, name in zip(self.tasks, self.phenomena, strict=True)
        ]
        names = list(dict.fromkeys(own))
        return np.array([names.index(name) for name in own])

    @cached_property
    def accuracy(self) -> Array:
        """(task,) share of pairs that the unchanged model gets right (E0)."""
        return np.array([(np.concatenate(self._at_first[task]) > 0).mean() for task in self.tasks])

    @cached_property
    def judged(self) -> Array:
        """(task,) int64: pairs that the unchanged model was asked about, each once over seeds.

        Rows do not name pairs: margins of two seeds that differ by no more than rounding are one pair's. Now
        and then two pairs are taken for one so, but never two of one seed, which draws each once.
        """
        found = []
        for task in self.tasks:
            every = np.sort(np.concatenate(self._at_first[task]))
            seeds = Counter[int]()
            for (seed, _, name), margins in self.first.items():
                seeds[seed] += len(margins) if name == task else 0
            found.append(max(1 + int((np.diff(every) > _ROUNDING).sum()), *seeds.values()))
        return np.array(found)

    @cached_property
    def _at_first(self) -> dict[str, list[Array]]:
        """Task to the margins of the unchanged model, a list over seeds and halves."""
        return {task: [m for (*_, t), m in self.first.items() if t == task] for task in self.tasks}

    def effects(self, condition: str) -> Array:
        """Change of the mean margin in standard deviations of the margins at first, (half, tuned, judged).

        The form for tests (Z of 2.5): not bounded, not held back by a ceiling.
        """
        return self._effects[condition]

    @cached_property
    def widths(self) -> Array:
        """(task,) standard deviation of the margins at first, nats."""
        return np.array([max(np.concatenate(self._at_first[task]).std(), 1e-9) for task in self.tasks])

    def gains(self, condition: str, tuned: str, judged: str) -> Array:
        """Change of the margin of each judged pair, (pair,) over seeds and halves, nats."""
        after = self.after[condition]
        found = [
            after[seed, half, tuned, judged] - before
            for (seed, half, task), before in self.first.items()
            if task == judged and (seed, half, tuned, judged) in after
        ]
        return np.concatenate(found) if found else np.zeros(0)

    @cached_property
    def _effects(self) -> dict[str, Array]:
        widths = self.widths
        found = {condition: self._by_half(condition, _gain) / widths for condition in self.after}
        # The step that gains on its own pairs what tuning is stopped at, were all as straight as it starts.
        return {**found, PREDICTED: self.slopes * (_STRENGTH * widths)[:, None] / widths}

    def margin_gains(self, condition: str) -> Array:
        """Change of the mean margin, nats, (half, tuned, judged), mean over seeds (D of 2.5)."""
        return self._by_half(condition, _gain)

    def accuracy_gains(self, condition: str) -> Array:
        """Change of the share of pairs that are right, (half, tuned, judged), mean over seeds (T of 2.5)."""
        return self._by_half(condition, _accuracy)

    def headroom(self, condition: str) -> Array:
        """Accuracy gained as a share of what could be won or lost, (tuned, judged), within -1 and 1 (N).

        Gradients tell no accuracy: there it is the predicted effect as a share of what the own task gains.
        """
        if condition == PREDICTED:
            return np.clip(self.effects(condition).mean(axis=0) / _STRENGTH, -1, 1)
        return self._by_half(condition, _headroom).mean(axis=0)

    def _by_half(self, condition: str, value: Callable[[Array, Array], float]) -> Array:
        """Work a value out of margins before and after, mean over seeds: (half, tuned, judged)."""
        place = {task: i for i, task in enumerate(self.tasks)}
        found: dict[int, list[tuple[int, int, float]]] = {}
        for (seed, half, tuned, judged), after in self.after[condition].items():
            number = value(self.first[seed, half, judged], after)
            found.setdefault(half, []).append((place[tuned], place[judged], number))
        result = np.full((len(found), self.n, self.n), np.nan)
        for half, cells in found.items():
            total, count = np.zeros((self.n, self.n)), np.zeros((self.n, self.n))
            for tuned, judged, number in cells:
                total[tuned, judged] += number
                count[tuned, judged] += 1
            result[half] = np.divide(total, count, out=result[half], where=count > 0)
        return result


def _gain(before: Array, after: Array) -> float:
    return float((after - before).mean())


def _accuracy(before: Array, after: Array) -> float:
    return float((after > 0).mean() - (before > 0).mean())


def _headroom(before: Array, after: Array) -> float:
    share, gain = (before > 0).mean(), (after > 0).mean() - (before > 0).mean()
    room = 1 - share if gain >= 0 else share
    return float(np.clip(gain / max(room, 1 / len(before)), -1, 1))


def spaces(rows: pa.Table) -> list[Space]:
    """Read every model that has scores, in sorted order; tasks that were not tuned on are left out."""
    return [space for model in sorted(set(rows["model"].to_pylist())) if (space := _space(rows, model))]


def _space(rows: pa.Table, model: str) -> Space | None:
    mine = where(rows, model=model)
    tuned = where(mine, part=TRANSFER)
    scores = where(mine, part=SCORE, condition="")
    phenomenon = dict(zip(scores["judged"].to_pylist(), scores["phenomenon"].to_pylist(), strict=True))
    steps_taken = where(mine, part=STEP)
    any_tuned = set((tuned if len(tuned) else steps_taken)["tuned"].to_pylist())
    tasks = [t for t in any_tuned if t in phenomenon]
    if not tasks:
        return None
    known = list(PHENOMENA.values())
    tasks.sort(key=lambda t: (known.index(p) if (p := phenomenon[t]) in known else len(known), p, t))
    first = first_margins(scores)
    fields, longer, commoner = described(scores)
    first_apart = first_margins(where(mine, part=SCORE, condition=APART))
    after: dict[str, dict[tuple[int, int, str, str], Array]] = {}
    steps: dict[tuple[str, str], list[int]] = {}
    changed: dict[str, list[int]] = {}
    for row in tuned.select(_TUNED_COLUMNS).to_pylist():
        # A probe that failed leaves its seed without margins to start from.
        before = first_apart if row["condition"] == APART else first
        if row["judged"] in tasks and (row["seed"], row["half"], row["judged"]) in before:
            key = row["seed"], row["half"], row["tuned"], row["judged"]
            after.setdefault(row["condition"], {})[key] = np.array(row["margins"])
            steps.setdefault((row["condition"], row["tuned"]), []).append(row["steps"])
            changed.setdefault(row["condition"], []).append(row["changed"])
    told_apart = after.pop(APART, {})
    if after and TUNED not in after:
        return None
    slopes, stepped = steps_of(steps_taken, tasks)
    space = Space(
        model=model,
        weights=next((told for told in where(mine, part=SIZE)["weights"].to_pylist() if told), ""),
        tasks=tuple(tasks),
        phenomena=tuple(phenomenon[task] for task in tasks),
        first=first,
        after=after,
        steps={key: float(np.mean(values)) for key, values in steps.items()},
        changed={key: float(np.mean(values)) for key, values in changed.items()},
        slopes=slopes,
        stepped=stepped,
        apart=None,
        likeness=_likeness(where(mine, part=PAIR), tasks),
        fields=tuple(fields[task] for task in tasks),
        longer=longer,
        commoner=commoner,
    )
    return replace(space, apart=_apart(space, first_apart, told_apart))


def _apart(
    space: Space,
    first: ByPairs,
    after: dict[tuple[int, int, str, str], Array],
) -> Space | None:
    """Make the map of pairs without a word in common, of the tasks that were tuned on so and judged so."""
    there = {tuned for *_, tuned, _ in after} & {task for *_, task in first}
    keep = np.array([i for i, task in enumerate(space.tasks) if task in there], dtype=np.int64)
    if not len(keep):
        return None
    cut = np.ix_(keep, keep)
    return replace(
        space,
        tasks=tuple(space.tasks[i] for i in keep),
        phenomena=tuple(space.phenomena[i] for i in keep),
        fields=tuple(space.fields[i] for i in keep),
        longer={},
        commoner={},
        first={key: margins for key, margins in first.items() if key[2] in there},
        after={TUNED: {key: margins for key, margins in after.items() if {*key[2:]} <= there}},
        slopes=space.slopes[:, keep][:, :, keep],
        stepped=space.stepped[cut],
        likeness={name: matrix[cut] for name, matrix in space.likeness.items()},
    )


def _likeness(rows: pa.Table, tasks: list[str]) -> dict[str, Array]:
    place = {task: i for i, task in enumerate(tasks)}
    total = {name: np.zeros((len(tasks), len(tasks))) for name in LIKENESSES}
    n_seeds = max(1, len(pc.unique(rows["seed"])))  # type: ignore[attr-defined]
    for row in rows.select(["judged", "tuned", *LIKENESSES]).to_pylist():
        if row["judged"] in place and row["tuned"] in place:
            for name, matrix in total.items():
                matrix[place[row["judged"]], place[row["tuned"]]] += row[name] / n_seeds
    return total
