"""What more demonstrations do: how often the model is right, and whose votes come nearer to it (M0, M6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.stats.intervals import bootstrap_means
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.drawing import ends, of_task
from taskscope.studies.kernel_regression.encoders.findings import HEAD, best_head, temperature, votes_by
from taskscope.studies.kernel_regression.rivals.kernels import COSINE
from taskscope.studies.kernel_regression.rivals.rows import Rivals, rivals
from taskscope.studies.kernel_regression.voting import agreement
from taskscope.studies.randomness import stream

RIGHT = "the model is right"
"""Beside it, everything else is agreement with the model."""


@dataclass(frozen=True)
class Line:
    """One share by number of demonstrations."""

    name: str
    shares: tuple[Measure, ...]
    slope: Measure | None
    """What a doubling of the demonstrations adds, from as many as classes on; None for a single number."""
    tempered: Measure | None
    """For a kernel: what its tempered form adds to plain cosines, mean over these numbers."""


@dataclass(frozen=True)
class Sweep:
    """One model and task."""

    model: str
    task: str
    shots: tuple[int, ...]
    n_questions: int
    zero_shot: Measure
    """How often the model is right without demonstrations."""
    lines: tuple[Line, ...]


def sweeps(rows: pa.Table, draws: int) -> list[Sweep]:
    """Read every model and task with at least two numbers of demonstrations, in sorted order."""
    return [_sweep(each, draws) for each in rivals(rows) if len(each.shots) > 1]


def tables(found: Sweep) -> list[Table]:
    """Tabulate one model and task."""
    rows = tuple(
        (
            line.name,
            *(round(share.value, 4) for share in line.shares),
            "" if line.slope is None else _told(line.slope),
            "" if line.tempered is None else _told(line.tempered),
        )
        for line in found.lines
    )
    return [
        Table(
            name=f"kernel-regression-{slug(found.model)}-{slug(found.task)}-sweep",
            title=f"Right answers and votes as demonstrations are added: {found.task}",
            columns=("share", *map(str, found.shots), "a doubling adds", "tempered less plain cosines"),
            rows=rows,
            note=f"How often the model is right ({_told(found.zero_shot)} without demonstrations), and how "
            "often a vote is the model's answer: of the best head, and of every kernel between texts, "
            f"tempered. On {found.n_questions} questions; heads and temperatures were chosen on others at "
            "each number. What a doubling adds, and what tempering adds to a kernel's cosines, is told from "
            "as many demonstrations as classes on.",
            model=found.model,
        )
    ]


def figures(found: Sweep) -> list[Figure]:
    """Draw one model and task."""
    right = found.lines[0]
    data = [
        {"n": n, "what": line.name, **ends(share, "share")}
        for line in found.lines
        for n, share in zip(found.shots, line.shares, strict=True)
    ]
    return [
        of_task(
            found,
            "sweep",
            "Do more demonstrations help, and whose votes come nearer",
            f"The model is right {found.zero_shot.value:.0%} of the time without demonstrations, "
            f"{right.shares[-1].value:.0%} with {found.shots[-1]}. The other lines are votes: how often they "
            "are the model's answer, right or wrong.",
            (
                "Line chart",
                "how often the model is right, and how often the votes of the best head and of kernels "
                "between texts are its answer, by number of demonstrations.",
            ),
            charts.curves(
                data,
                Axis("n", "demonstrations", log=True, whole=True),
                Axis("share", "share of questions", format=".0%"),
                series="what",
                low="low",
                high="high",
                order=[line.name for line in found.lines],
                controls=[RIGHT],
            ),
        )
    ]


def _sweep(found: Rivals, draws: int) -> Sweep:
    gold, kernels = found.judged.gold, tuple(found.judged.products)
    columns = [agreement(found.judged.alone[:, 0], gold)]
    columns += [(found.judged.answers(n) == gold).astype(float) for n in found.shots]
    columns += _votes(found, lambda n: found.judged.votes[n][:, best_head(found.chosen, n)])
    for kernel in kernels:
        columns += _votes(found, lambda n, kernel=kernel: _tempered(found, kernel, n))
        columns += _votes(found, lambda n, kernel=kernel: votes_by(found.judged, kernel, COSINE, n))
    table = np.stack(columns, axis=1)
    rng = stream("kernel-regression sweep", found.model, found.task)
    drawn = np.vstack([table.mean(axis=0), bootstrap_means(table, found.judged.unit, draws, rng)])
    zero, *rest = np.split(drawn, [1 + i * len(found.shots) for i in range(2 + 2 * len(kernels))], axis=1)
    lines = [_line(found, name, shares) for name, shares in zip((RIGHT, HEAD), rest[:2], strict=True)]
    for i, kernel in enumerate(kernels):
        tempered, plain = rest[2 + 2 * i : 4 + 2 * i]
        lines.append(_line(found, kernel, tempered, plain))
    return Sweep(
        model=found.model,
        task=found.task,
        shots=found.shots,
        n_questions=len(np.unique(found.judged.unit)),
        zero_shot=Measure.of(zero[:, 0]),
        lines=tuple(lines),
    )


def _votes(found: Rivals, votes: Callable[[int], np.ndarray]) -> list[np.ndarray]:
    """Agreement (question,) of votes with the model's answers at every number of demonstrations."""
    return [agreement(votes(n), found.judged.answers(n)) for n in found.shots]


def _tempered(found: Rivals, kernel: str, n: int) -> np.ndarray:
    return votes_by(found.judged, kernel, temperature(found.chosen, kernel, n), n)


def _line(found: Rivals, name: str, shares: np.ndarray, plain: np.ndarray | None = None) -> Line:
    """Read shares (1 + draw, size)."""
    # With fewer demonstrations than classes no vote can be for all of them.
    used = np.array(found.shots) >= found.judged.n_classes
    x = np.log2(np.array(found.shots, float)[used])
    slope = None
    if len(x) > 1:
        x = x - x.mean()
        slope = Measure.of(shares[:, used] @ x / (x @ x))
    gained = None if plain is None else Measure.of((shares - plain)[:, used].mean(axis=1))
    return Line(name, tuple(Measure.of(each) for each in shares.T), slope, gained)


def _told(measure: Measure) -> str:
    return f"{measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})"
