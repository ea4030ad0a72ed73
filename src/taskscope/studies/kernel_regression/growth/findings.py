"""From the rows of rival cells to distances by number of demonstrations, slopes and floors (M11)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.stats.floors import FEWEST_SIZES, aic_of_floor, fit_floors, slopes
from taskscope.stats.intervals import bootstrap_means
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.rivals.kernels import PREDICTION, TEMPERED, kernel_votes
from taskscope.studies.kernel_regression.rivals.rows import Questions, Rivals, rivals
from taskscope.studies.kernel_regression.voting import vote
from taskscope.studies.randomness import stream

HEAD, KERNEL = "vote of the best head", "prediction similarity, tempered"
CONSTANT, MAJORITY = "the same law for all questions", "majority of the demonstrations"
METHODS = (HEAD, KERNEL, CONSTANT, MAJORITY)
CONTROLS = (CONSTANT, MAJORITY)


@dataclass(frozen=True)
class Fitted:
    """The curve c n^-b + f through a method's distances."""

    exponent: Measure
    """b; theory says 1/2. Its interval spans whatever was tried where the data do not tell."""
    floor: Measure
    factor: float
    aic: float
    """Akaike's criterion with a floor less without; below 0 speaks for the floor."""


@dataclass(frozen=True)
class Curve:
    """Distance between the model's law and one method's vote, by number of demonstrations."""

    method: str
    distance: tuple[Measure, ...]
    """Total variation: half the sum of absolute differences over classes."""
    slope: Measure | None
    """Of log distance on log n, from as many demonstrations as classes on; None for a single number."""
    fitted: Fitted | None
    """None where there are fewer than four numbers of demonstrations."""
    chosen: tuple[str, ...]
    """Head or temperature at each number, from other questions; empty for controls."""


@dataclass(frozen=True)
class Growth:
    """What was found on one model and task."""

    model: str
    task: str
    shots: tuple[int, ...]
    n_questions: int
    curves: tuple[Curve, ...]


def growths(rows: pa.Table, draws: int) -> list[Growth]:
    """Read every model and task with at least two numbers of demonstrations, in sorted order."""
    return [_growth(each, draws) for each in rivals(rows) if len(each.shots) > 1]


def _growth(found: Rivals, draws: int) -> Growth:
    distances: dict[str, list[np.ndarray]] = {method: [] for method in METHODS}
    chosen: dict[str, list[str]] = {method: [] for method in METHODS}
    for shots in found.shots:
        head = int(_apart(found.chosen.votes[shots], found.chosen.laws[shots]).mean(axis=0).argmin())
        block, number = found.site(head)
        chosen[HEAD].append(f"block {block}, head {number}")
        distances[HEAD].append(_apart(found.judged.votes[shots][:, head], found.judged.laws[shots]))
        form = min(TEMPERED, key=lambda each, n=shots: float(_by_kernel(found.chosen, n, each).mean()))
        chosen[KERNEL].append(form)
        distances[KERNEL].append(_by_kernel(found.judged, shots, form))
        law = found.judged.laws[shots]
        usual = np.broadcast_to(found.chosen.laws[shots].mean(axis=0), law.shape)
        distances[CONSTANT].append(_apart(usual, law))
        n, k = len(law), shots
        counts = vote(np.full((n, k), 1 / k), found.judged.classes[:, :k], found.judged.n_classes)
        distances[MAJORITY].append(_apart(counts, law))
    curves = tuple(
        _curve(found, method, np.stack(distances[method], axis=1), tuple(chosen[method]), draws)
        for method in METHODS
    )
    return Growth(found.model, found.task, found.shots, len(np.unique(found.judged.unit)), curves)


def _curve(found: Rivals, method: str, distances: np.ndarray, chosen: tuple[str, ...], draws: int) -> Curve:
    """Resample questions; distances are (question, size)."""
    rng = stream("kernel-regression growth", found.model, found.task, method)
    drawn = np.vstack([distances.mean(axis=0), bootstrap_means(distances, found.judged.unit, draws, rng)])
    # With fewer demonstrations than classes a vote misses classes, whatever the kernel is.
    shows_all = np.array(found.shots) >= found.judged.n_classes
    n, shown = np.array(found.shots, float)[shows_all], drawn[:, shows_all]
    fitted = None
    if len(n) >= FEWEST_SIZES:
        fit = fit_floors(n, shown)
        fitted = Fitted(
            Measure.of(fit.exponent), Measure.of(fit.floor), float(fit.factor[0]), aic_of_floor(n, shown[0])
        )
    return Curve(
        method=method,
        distance=tuple(Measure.of(column) for column in drawn.T),
        slope=Measure.of(slopes(n, shown)) if len(n) > 1 else None,
        fitted=fitted,
        chosen=chosen,
    )


def _apart(votes: np.ndarray, law: np.ndarray) -> np.ndarray:
    """Total variation between votes (question, ..., class) and laws (question, class): (question, ...)."""
    wanted = law.reshape(len(law), *(1,) * (votes.ndim - 2), law.shape[1])
    return np.abs(votes - wanted).sum(axis=-1) / 2


def _by_kernel(asked: Questions, shots: int, form: str) -> np.ndarray:
    products = asked.products[PREDICTION][:, : shots + 1, : shots + 1]
    votes = kernel_votes(products, asked.classes[:, :shots], asked.n_classes, form)
    return _apart(votes, asked.laws[shots])
