"""Counting how often a study's verdicts are right, on simulated rows whose truth is known.

Every simulated table goes through the `analyse` of a real run: where a claim does not hold it may be
supported at most 5 % of the time, where it holds at least 90 %.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from taskscope.report.findings import Finding, Verdict
from taskscope.stats.intervals import wilson
from taskscope.studies.base import Params
from taskscope.studies.randomness import stream

MOST_FALSE_SUPPORT = 0.05
LEAST_POWER = 0.90
FOLDER = Path("docs/calibration")


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

    def simulate(self, params: Any, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model."""
        ...


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


@dataclass(frozen=True)
class Calibration:
    """What is counted for one study."""

    study: str
    params: Params
    """The stated sizes."""
    analyse: Callable[[pa.Table, Any], list[Finding]]
    scenarios: tuple[World, ...]
    sizes: Mapping[str, int]
    """The sizes as the table names them."""
    told: str
    """The sizes in words, a sentence or two for the head of the table."""

    @property
    def stem(self) -> str:
        """Name of the table's files, without suffix; also of the study's package."""
        return self.study.replace("-", "_")

    def count(self, scenario: World, n_tables: int, on_table: Callable[[], Any] = lambda: None) -> list[Rate]:
        """Judge `n_tables` simulated row tables of a scenario; `on_table` is called after each."""
        counts = {claim: dict.fromkeys(map(str, Verdict), 0) for claim in scenario.tested}
        for number in range(n_tables):
            rng = stream(f"{self.study} calibration", scenario.name, number)
            for finding in self.analyse(scenario.simulate(self.params, rng), self.params):
                if finding.claim in counts:
                    counts[finding.claim][finding.verdict] += 1
            on_table()
        return [
            Rate(scenario.name, scenario.description, claim, claim in scenario.true, n_tables, verdicts)
            for claim, verdicts in counts.items()
        ]

    def as_json(self, rates: Sequence[Rate]) -> str:
        """Serialise the table, with the sizes it is for."""
        table = [
            {"scenario": r.scenario, "claim": r.claim, "holds": r.holds, "tables": r.tables, **r.verdicts}
            for r in rates
        ]
        return json.dumps({"sizes": dict(self.sizes), "rates": table}, indent=1) + "\n"

    def as_markdown(self, rates: Sequence[Rate]) -> str:
        """Lay the table out for readers."""
        head = (
            f"# Calibration of the verdicts: {self.study}\n\n"
            f"Each line counts simulated row tables through the `analyse` of a real run: {self.told} "
            f"Where a claim does not hold, it may be supported at most {MOST_FALSE_SUPPORT:.0%} of the time; "
            f"where it holds, at least {LEAST_POWER:.0%}. Where the truth lies exactly on the border, the "
            "claim counts as one that does not hold.\n\n"
            f"Written by `python -m taskscope.studies.{self.stem}.calibration`.\n\n"
            "| scenario | claim | holds | tables | supported (95 % interval) | contradicted | inconclusive "
            "| kept |\n"
            "|---|---|---|---:|---|---|---|---|\n"
        )
        return head + "\n".join(map(_line, rates)) + "\n"

    def committed(self, path: Path) -> dict[tuple[str, str], Rate]:
        """Read a table written before, by scenario and claim."""
        told = {s.name: s for s in self.scenarios}
        found = {}
        for row in json.loads(path.read_text(encoding="utf-8"))["rates"] if path.is_file() else []:
            name, claim = row["scenario"], row["claim"]
            if name in told:
                verdicts = {str(verdict): row[verdict] for verdict in Verdict}
                held = claim in told[name].true
                found[name, claim] = Rate(name, told[name].description, claim, held, row["tables"], verdicts)
        return found

    def main(self) -> None:
        """Write the table as Markdown and JSON; ``--claims`` counts some claims anew and keeps the rest."""
        claims = sorted({claim for scenario in self.scenarios for claim in scenario.tested})
        parser = argparse.ArgumentParser(description="Calibrate the verdicts on simulated rows.")
        parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
        parser.add_argument("--tables", type=int, default=1000, help="row tables per scenario")
        parser.add_argument("--claims", nargs="+", default=claims, choices=claims, help="count these anew")
        asked = parser.parse_args()
        self._count_all(asked.claims, asked.tables, asked.folder / f"{self.stem}.json")

    def _count_all(self, wanted: Sequence[str], n_tables: int, path: Path) -> None:
        """Count every scenario of the wanted claims, with a progress line; keep the others as committed.

        The table is written after each scenario, so that stopping early loses one scenario's count at most.
        """
        from rich.console import Console
        from rich.progress import Progress

        rates = self.committed(path)
        with Progress(console=Console(stderr=True)) as progress:
            todo = [s for s in self.scenarios if set(s.tested) & set(wanted)]
            whole = progress.add_task("all scenarios", total=len(todo) * n_tables)
            for scenario in todo:
                progress.update(whole, description=scenario.name)
                for rate in self.count(scenario, n_tables, lambda: progress.advance(whole)):
                    rates[rate.scenario, rate.claim] = rate
                self._write(path, rates)

    def _write(self, path: Path, rates: Mapping[tuple[str, str], Rate]) -> None:
        """Write the table as JSON and Markdown, in the order of the scenarios."""
        wanted = [(scenario.name, claim) for scenario in self.scenarios for claim in scenario.tested]
        counted = [rates[at] for at in wanted if at in rates]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.as_json(counted), encoding="utf-8")
        path.with_suffix(".md").write_text(self.as_markdown(counted), encoding="utf-8")


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
