"""How often the verdicts on C1 and C2 are right, counted on simulated rows whose truth is known.

Run ``python -m taskscope.studies.task_vectors.calibration`` from the repository to write the committed table;
``--tables`` says how many row tables each scenario gets. All of them go through the `analyse` of a real run.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from taskscope.report.findings import Verdict
from taskscope.stats.intervals import wilson
from taskscope.studies.task_vectors.analysis import analyse
from taskscope.studies.task_vectors.draws import stream
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.simulation import Scenario, SimulatedTask, rows

PARAMS = TaskVectorParams(n_dev=50, n_test=100, draws=500)
"""The stated size: six tasks of this many pairs, less than any profile but smoke measures."""
N_TASKS = 6
N_BLOCKS = 10
MOST_FALSE_SUPPORT = 0.05
LEAST_POWER = 0.90


def _curve(peak: float, first: float = 0.1, last: float = 0.1, width: int = 3) -> tuple[float, ...]:
    """Accuracy by block: `first` up to the peak, `width` equal best blocks from block 3 on, `last` after."""
    return (first,) * 3 + (peak,) * width + (last,) * (N_BLOCKS - 3 - width)


def _task(theta: Sequence[float], **changes: object) -> SimulatedTask:
    plain = SimulatedTask(baseline=0.1, regular=0.9, theta=tuple(theta), control=(0.1,) * N_BLOCKS)
    return replace(plain, **changes)  # type: ignore[arg-type]


def _world(name: str, description: str, task: SimulatedTask, **more: object) -> Scenario:
    return replace(Scenario(name, description, (task,) * N_TASKS), **more)  # type: ignore[arg-type]


_SKEWED = (0.74, 0.1, 0.08, 0.05, 0.03)
"""Label shares like those of the published location-continent task: always saying one label gets 74 %."""
_LETTERS = (1 / 26,) * 26

SCENARIOS = (
    _world(
        "midpoint",
        "theta exactly half-way between control and regular, on three equal blocks",
        _task(_curve(0.5)),
        tested=("C1",),
    ),
    _world(
        "midpoint, tasks differ",
        "the same on average, each task's theta off by 0.1 (s.d.)",
        _task(_curve(0.5)),
        task_spread=0.1,
        tested=("C1",),
    ),
    _world(
        "midpoint, few queries",
        "the same with 25 queries per task, asked again and again",
        _task(_curve(0.5), queries=25, labels=_LETTERS),
        tested=("C1",),
    ),
    _world(
        "midpoint, skewed labels",
        "one label has 74 % of the items; theta half-way between always saying it and regular",
        _task(_curve(0.84), regular=0.94, labels=_SKEWED),
        tested=("C1",),
    ),
    _world(
        "midpoint, unequal controls",
        "half-way, with some controls 5 points weaker than the strongest",
        _task(_curve(0.5), weaker=0.05),
        tested=("C1",),
    ),
    Scenario(
        "midpoint, three tasks",
        "the same with three tasks, too few to be resampled: the verdict is about these three",
        (_task(_curve(0.5)),) * 3,
        tested=("C1",),
    ),
    _world("no vector", "theta does what every control does", _task(_curve(0.1))),
    _world(
        "leak",
        "theta emits a dummy's answer in the last blocks; labels skewed, so that is right 57 % of the time",
        _task((0.1,) * 6 + (0.57,) * 4, labels=_SKEWED),
    ),
    _world(
        "half kept late",
        "theta works in the middle; the last quarter keeps exactly half of its effect",
        _task(_curve(0.7, last=0.4)),
        tested=("C2",),
    ),
    _world(
        "half kept at both ends",
        "the same at both ends",
        _task(_curve(0.7, first=0.4, last=0.4)),
        tested=("C2",),
    ),
    _world("flat", "theta works equally at every block", _task((0.6,) * N_BLOCKS), tested=("C2",)),
    _world(
        "rising",
        "theta works better and better up to the last block",
        _task(tuple(0.1 + 0.06 * b for b in range(N_BLOCKS))),
        tested=("C2",),
    ),
    _world(
        "task vector",
        "theta recovers four fifths of what demonstrations add, on three middle blocks",
        _task(_curve(0.74)),
        true=("C1", "C2"),
    ),
    _world(
        "weaker task vector",
        "the same with two thirds recovered",
        _task(_curve(0.633)),
        true=("C1", "C2"),
    ),
    _world(
        "task vector, tasks differ",
        "the same on average, each task's theta off by 0.1 (s.d.)",
        _task(_curve(0.74)),
        task_spread=0.1,
        true=("C1", "C2"),
    ),
    _world(
        "task vector, few queries",
        "the same with 25 queries per task, asked again and again",
        _task(_curve(0.74), queries=25, labels=_LETTERS),
        true=("C1", "C2"),
    ),
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


def calibrate(scenario: Scenario, n_tables: int, params: TaskVectorParams = PARAMS) -> list[Rate]:
    """Judge `n_tables` simulated row tables of a scenario."""
    counts = {claim: dict.fromkeys(map(str, Verdict), 0) for claim in scenario.tested}
    for number in range(n_tables):
        rng = stream("task-vectors calibration", scenario.name, number)
        for finding in analyse(rows(scenario, params.n_dev, params.n_test, rng), params):
            if finding.claim in counts:
                counts[finding.claim][finding.verdict] += 1
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
        f"Each line is {rates[0].tables:,} simulated row tables through the `analyse` of a real run: "
        f"{N_TASKS} tasks, {N_BLOCKS} blocks, {PARAMS.n_dev} development and {PARAMS.n_test} test pairs per "
        f"task. Where a claim does not hold, it may be supported at most {MOST_FALSE_SUPPORT:.0%} of the "
        f"time; where it holds, at least {LEAST_POWER:.0%}. Where the truth lies exactly on the border, "
        "the claim counts as one that does not hold.\n\n"
        "Written by `python -m taskscope.studies.task_vectors.calibration`.\n\n"
        "| scenario | claim | holds | supported (95 % interval) | contradicted | inconclusive | kept |\n"
        "|---|---|---|---|---|---|---|\n"
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
        f"{rate.supported:.1%} ({low:.1%} to {high:.1%})",
        f"{contradicted:.1%}",
        f"{inconclusive:.1%}",
        "yes" if rate.good else "**no**",
    )
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Write ``task_vectors.md`` and ``task_vectors.json``."""
    parser = argparse.ArgumentParser(description="Calibrate the verdicts on simulated rows.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs/calibration"))
    parser.add_argument("--tables", type=int, default=1000, help="row tables per scenario")
    asked = parser.parse_args()
    rates = [rate for scenario in SCENARIOS for rate in calibrate(scenario, asked.tables)]
    asked.folder.mkdir(parents=True, exist_ok=True)
    (asked.folder / "task_vectors.json").write_text(as_json(rates), encoding="utf-8")
    (asked.folder / "task_vectors.md").write_text(as_markdown(rates), encoding="utf-8")


if __name__ == "__main__":
    main()
