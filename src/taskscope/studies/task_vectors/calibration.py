"""How often the verdicts are right, counted on simulated rows whose truth is known.

Run ``python -m taskscope.studies.task_vectors.calibration`` from the repository to write the committed table;
``--tables`` says how many row tables each scenario gets, ``--claims C3`` counts some claims anew and keeps
the rest as committed. All tables go through the `analyse` of a real run.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from taskscope.report.findings import Verdict
from taskscope.stats.intervals import wilson
from taskscope.studies.task_vectors import scenarios
from taskscope.studies.task_vectors.analysis import analyse
from taskscope.studies.task_vectors.conflict import simulation as conflict
from taskscope.studies.task_vectors.draws import stream
from taskscope.studies.task_vectors.geometry import simulation as geometry
from taskscope.studies.task_vectors.heads import simulation as heads
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.projection import simulation as projection
from taskscope.studies.task_vectors.scenarios import N_BLOCKS, N_TASKS

PARAMS = TaskVectorParams(n_dev=50, n_test=100, draws=500)
"""The stated size: six tasks of this many pairs, less than any profile but smoke measures."""
MOST_FALSE_SUPPORT = 0.05
LEAST_POWER = 0.90


class World(Protocol):
    """A simulated model with a known truth."""

    @property
    def name(self) -> str:
        """Names it in the table, and seeds it."""
        ...

    @property
    def description(self) -> str:
        """Says what is true in it."""
        ...

    @property
    def true(self) -> tuple[str, ...]:
        """Claims that hold in it."""
        ...

    @property
    def tested(self) -> tuple[str, ...]:
        """Claims it is about."""
        ...

    def simulate(self, params: TaskVectorParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model."""
        ...


SCENARIOS: tuple[World, ...] = (
    *scenarios.SCENARIOS,
    *geometry.SCENARIOS,
    *conflict.SCENARIOS,
    *projection.SCENARIOS,
    *heads.SCENARIOS,
)


@dataclass(frozen=True)
class Rate:
    """How often each verdict fell in one scenario."""

    scenario: str
    description: str
    claim: str
    holds: bool
    tables: int
    verdicts: dict[str, int]

    @property
    def supported(self) -> float:
        """Share of tables on which the claim was supported: false support, or power."""
        return self.verdicts[Verdict.SUPPORTED] / self.tables

    @property
    def good(self) -> bool:
        """Whether the rate is within what is promised."""
        return self.supported >= LEAST_POWER if self.holds else self.supported <= MOST_FALSE_SUPPORT


def calibrate(
    scenario: World,
    n_tables: int,
    params: TaskVectorParams = PARAMS,
    on_table: Callable[[], Any] = lambda: None,
) -> list[Rate]:
    """Judge `n_tables` simulated row tables of a scenario; `on_table` is called after each."""
    counts = {claim: dict.fromkeys(map(str, Verdict), 0) for claim in scenario.tested}
    for number in range(n_tables):
        rng = stream("task-vectors calibration", scenario.name, number)
        for finding in analyse(scenario.simulate(params, rng), params):
            if finding.claim in counts:
                counts[finding.claim][finding.verdict] += 1
        on_table()
    return [
        Rate(scenario.name, scenario.description, claim, claim in scenario.true, n_tables, verdicts)
        for claim, verdicts in counts.items()
    ]


def as_json(rates: Sequence[Rate]) -> str:
    """Serialise the table, with the sizes it is for."""
    sizes = {
        "tasks": N_TASKS,
        "blocks": N_BLOCKS,
        "development_pairs": PARAMS.n_dev,
        "test_pairs": PARAMS.n_test,
        "draws": PARAMS.draws,
        "sets": geometry.N_SETS,
        "conflicts": conflict.N_QUERIES,
        "read_sets": projection.N_SETS,
        "function_vectors": heads.N_TEST,
    }
    table = [
        {"scenario": r.scenario, "claim": r.claim, "holds": r.holds, "tables": r.tables, **r.verdicts}
        for r in rates
    ]
    return json.dumps({"sizes": sizes, "rates": table}, indent=1) + "\n"


def as_markdown(rates: Sequence[Rate]) -> str:
    """Lay the table out for readers."""
    head = (
        "# Calibration of the task-vector verdicts\n\n"
        "Each line counts simulated row tables through the `analyse` of a real run: "
        f"{N_TASKS} tasks, {N_BLOCKS} blocks, {PARAMS.n_dev} development and {PARAMS.n_test} test pairs per "
        f"task for C1 and C2, {geometry.N_SETS} sets of demonstrations per task for C3, "
        f"{conflict.N_QUERIES} queries for each of a task's two conflicts for C4, {projection.N_SETS} sets "
        f"of demonstrations per task for C5, {heads.N_DEV} development and {heads.N_TEST} test queries per "
        "task for C6. "
        f"Where a claim does not hold, it may be supported at most {MOST_FALSE_SUPPORT:.0%} of the "
        f"time; where it holds, at least {LEAST_POWER:.0%}. Where the truth lies exactly on the border, "
        "the claim counts as one that does not hold.\n\n"
        "Written by `python -m taskscope.studies.task_vectors.calibration`.\n\n"
        "| scenario | claim | holds | tables | supported (95 % interval) | contradicted | inconclusive "
        "| kept |\n"
        "|---|---|---|---:|---|---|---|---|\n"
    )
    return head + "\n".join(_line(rate) for rate in rates) + "\n"


def _line(rate: Rate) -> str:
    low, high = wilson(rate.supported, rate.tables)
    contradicted = rate.verdicts[Verdict.CONTRADICTED] / rate.tables
    inconclusive = rate.verdicts[Verdict.INCONCLUSIVE] / rate.tables
    cells = (
        f"**{rate.scenario}**: {rate.description}",
        rate.claim,
        "yes" if rate.holds else "no",
        f"{rate.tables:,}",
        f"{rate.supported:.1%} ({low:.1%} to {high:.1%})",
        f"{contradicted:.1%}",
        f"{inconclusive:.1%}",
        "yes" if rate.good else "**no**",
    )
    return "| " + " | ".join(cells) + " |"


def count(wanted: Sequence[str], n_tables: int, kept: dict[tuple[str, str], Rate]) -> list[Rate]:
    """Count every scenario of the wanted claims anew, with a progress line; take the others from `kept`."""
    from rich.console import Console
    from rich.progress import Progress

    rates = []
    with Progress(console=Console(stderr=True)) as progress:
        todo = [s for s in SCENARIOS if set(s.tested) & set(wanted)]
        whole = progress.add_task("all scenarios", total=len(todo) * n_tables)
        for scenario in SCENARIOS:
            if scenario in todo:
                progress.update(whole, description=scenario.name)
                rates += calibrate(scenario, n_tables, on_table=lambda: progress.advance(whole))
            else:
                rates += [kept[scenario.name, claim] for claim in scenario.tested]
    return rates


def committed(path: Path) -> dict[tuple[str, str], Rate]:
    """Read a table written before, by scenario and claim."""
    told = {s.name: s for s in SCENARIOS}
    found = {}
    for row in json.loads(path.read_text(encoding="utf-8"))["rates"] if path.is_file() else []:
        name, claim = row["scenario"], row["claim"]
        if name in told:
            verdicts = {str(verdict): row[verdict] for verdict in Verdict}
            held = claim in told[name].true
            found[name, claim] = Rate(name, told[name].description, claim, held, row["tables"], verdicts)
    return found


def main() -> None:
    """Write ``task_vectors.md`` and ``task_vectors.json``."""
    claims = sorted({claim for scenario in SCENARIOS for claim in scenario.tested})
    parser = argparse.ArgumentParser(description="Calibrate the verdicts on simulated rows.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs/calibration"))
    parser.add_argument("--tables", type=int, default=1000, help="row tables per scenario")
    parser.add_argument("--claims", nargs="+", default=claims, choices=claims, help="count these anew")
    asked = parser.parse_args()
    path = asked.folder / "task_vectors.json"
    rates = count(asked.claims, asked.tables, committed(path))
    asked.folder.mkdir(parents=True, exist_ok=True)
    path.write_text(as_json(rates), encoding="utf-8")
    path.with_suffix(".md").write_text(as_markdown(rates), encoding="utf-8")


if __name__ == "__main__":
    main()
