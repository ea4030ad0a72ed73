"""Writing the groups of items that get worse as a task of their own, in the contest's form (section 9)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taskscope.errors import RunError, StudyError, nearest
from taskscope.runs.cell import Cell
from taskscope.runs.store import RunFolder
from taskscope.stats.trends.items import FEWEST
from taskscope.studies.inverse_scaling.analysis import results
from taskscope.studies.inverse_scaling.asked import asked
from taskscope.studies.inverse_scaling.claims import ACCOUNT
from taskscope.studies.inverse_scaling.discovery import FEWEST_MODELS, LEVEL, Search, search
from taskscope.studies.inverse_scaling.params import InverseScalingParams
from taskscope.studies.inverse_scaling.trends import SeriesTrends
from taskscope.tasks import choice_files
from taskscope.tasks.choices import ChoiceItem, ChoiceTask
from taskscope.tasks.skeletons import clusters


@dataclass(frozen=True)
class Found:
    """What a run shows along one series."""

    series: str
    searches: tuple[Search, ...]

    @property
    def confirmed(self) -> list[Search]:
        """Searches with a confirmed group, the steepest fall first."""
        own = [one for one in self.searches if one.confirmed]
        return sorted(own, key=lambda one: min(group.held_slope for group in one.confirmed))

    @property
    def nothing(self) -> str:
        """Say in a sentence what was searched, and that nothing was confirmed."""
        searched = sum(one.told.searched for one in self.searches)
        found = sum(len(one.told.found) for one in self.searches)
        small = sum(one.told.too_small for one in self.searches)
        if not searched:
            return (
                f"Nothing could be searched along {self.series}: none of {small} groups of items in "
                f"{len(self.searches)} tasks has the {2 * FEWEST} items that two halves need."
            )
        return (
            f"Nothing is confirmed along {self.series}: of {searched} groups of items in "
            f"{len(self.searches)} tasks {found} seemed to get worse, and none of these does on the half of "
            f"its items that the search did not see. {small} groups have too few items to be searched."
        )


def look(run: RunFolder, series: str = "") -> Found:
    """Search a run along one series, the longest unless one is named.

    Raises:
        RunError: If the run holds nothing measured by this study.
        StudyError: If there is no such series, or its models are too few.
    """
    found = _results(run)
    named = {one.series.name: one for one in found}
    if series and series not in named:
        raise StudyError(
            f"no series {series!r} in {run.path}", f"one of {', '.join(named)}", nearest(series, named)
        )
    chosen = named[series] if series else found[0]
    if chosen.series.n < FEWEST_MODELS:
        raise StudyError(
            f"{chosen.series.n} models along {chosen.series.name}",
            f"{FEWEST_MODELS} or more, since fewer name no trend",
            "run the same command with more models",
        )
    return Found(chosen.series.name, tuple(search(chosen)))


def write(run: RunFolder, found: Found, target: Path, task: str = "") -> ChoiceTask:
    """Write the confirmed groups of one task, the one with the steepest fall unless one is named.

    Raises:
        StudyError: If nothing is confirmed (of that task), or the items are not known.
        TaskError: If the task has other items now, or the file is there already.
    """
    names = {one.task: one for one in found.confirmed}
    if not names or (task and task not in names):
        raise StudyError(
            f"no confirmed group of items in {task}" if names else found.nothing,
            f"one of {', '.join(names)}" if names else "a group that gets worse in both halves of its items",
        )
    chosen = names[task] if task else found.confirmed[0]
    made = _task(_asked(run, chosen.task), chosen, found.series, target.stem)
    choice_files.write_csv(made, target)
    return made


def _results(run: RunFolder) -> list[SeriesTrends]:
    for entry in run.spec["studies"]:
        keys = [key for key in entry["keys"] if run.has(key)] if entry["study"] == ACCOUNT.name else []
        if keys:
            found = results(run.rows(keys), InverseScalingParams.model_validate(entry["params"]))
            if found:
                return found
    raise RunError(f"{run.path} holds nothing measured by {ACCOUNT.name}", "such a run")


def _asked(run: RunFolder, name: str) -> list[Cell]:
    """Return a cell of the task for each seed it was asked with."""
    keys = {key for entry in run.spec["studies"] if entry["study"] == ACCOUNT.name for key in entry["keys"]}
    cells = {
        record.cell.seed: record.cell
        for record in run.cells()
        if record.cell.key in keys and record.cell.tasks[0].name == name and record.cell.params
    }
    if not cells:
        raise StudyError(
            f"of {name} {run.path} holds results alone, without prompts", "items that were asked in this run"
        )
    return [cells[seed] for seed in sorted(cells)]


def _task(cells: list[Cell], chosen: Search, series: str, name: str) -> ChoiceTask:
    """Make a task of the items in the confirmed groups, each item with its group as its cluster."""
    groups = {group.group for group in chosen.confirmed}
    items: list[ChoiceItem] = []
    for cell in cells:
        whole = asked(cell)
        for item, cluster in zip(whole.items, clusters(whole.items), strict=True):
            if cluster in groups:
                own = item.id if len(cells) == 1 else f"{cell.seed}-{item.id}"
                items.append(item.model_copy(update={"id": own, "cluster": cluster}))
    told = "; ".join(
        f"{group.group}: {group.held_slope:+.3f} per tenfold scale on held-out items, p = {group.held_p:.2g}"
        for group in chosen.confirmed
    )
    first = asked(cells[0])
    return ChoiceTask(
        name=name,
        title=f"Items of {first.title} that get worse",
        description=f"{len(groups)} groups of items of {chosen.task} that get worse along {series}: found in "
        f"half of their items with a false-discovery rate of {LEVEL:.0%}, and confirmed on the other half.",
        metric=first.metric,
        cause=first.cause,
        items=tuple(items),
        licence=first.licence,
        notes=told,
    )
