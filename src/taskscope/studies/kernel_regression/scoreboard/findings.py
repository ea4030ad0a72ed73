"""From the rows of rival cells to the likelihood of the model's laws under every account (section 8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.special import xlogy

from taskscope.stats.intervals import bootstrap_means
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.rivals.rows import Rivals, rivals
from taskscope.studies.kernel_regression.scoreboard.calibrating import calibrate, cross_entropy
from taskscope.studies.kernel_regression.scoreboard.hypotheses import (
    ACCOUNTS,
    ATTENTION,
    CONSTANT,
    CONTROLS,
    scores,
)
from taskscope.studies.randomness import stream


@dataclass(frozen=True)
class Score:
    """How well one account foretells the model's law over the labels."""

    account: str
    setting: str
    """Chosen on other questions: a head, a kernel, a penalty."""
    n_settings: int
    """From which it was chosen."""
    loss: Measure
    """Mean of -sum p log q, nats."""
    gain: Measure
    """What it saves against `CONSTANT`, nats."""


@dataclass(frozen=True)
class Scoreboard:
    """What was found on one model and task, on questions by which nothing was fitted."""

    model: str
    task: str
    shots: int
    n_questions: int
    scores: tuple[Score, ...]
    least: float
    """Mean entropy of the model's law: the loss of whoever foretells it exactly, nats."""
    lead: Measure
    """Loss of the best rival account, chosen anew in every resample, less that of the attention smoother."""
    above_controls: Measure
    """The same against the best control."""


def scoreboards(rows: pa.Table, k: int, draws: int) -> list[Scoreboard]:
    """Read every model and task that was measured with k demonstrations, in sorted order."""
    return [_scoreboard(each, k, draws) for each in rivals(rows) if k in each.shots]


def _scoreboard(found: Rivals, k: int, draws: int) -> Scoreboard:
    tuning, judging = scores(found.chosen, k), scores(found.judged, k)
    wanted, laws = found.chosen.laws[k], found.judged.laws[k]
    settings, losses = {}, []
    for account, tried in tuning.items():
        fitted = {name: calibrate(each, wanted) for name, each in tried.items()}
        reached = {
            name: cross_entropy(wanted, fitted[name].log_law(each)).mean() for name, each in tried.items()
        }
        best = min(reached, key=lambda name: float(reached[name]))
        settings[account] = best
        losses.append(cross_entropy(laws, fitted[best].log_law(judging[account][best])))
    table = np.stack(losses, axis=1)  # (question, account)
    rng = stream("kernel-regression scoreboard", found.model, found.task)
    drawn = np.vstack([table.mean(axis=0), bootstrap_means(table, found.judged.unit, draws, rng)])
    place = {account: i for i, account in enumerate(settings)}
    rival = [place[account] for account in ACCOUNTS if account != ATTENTION]
    controls = [place[account] for account in CONTROLS]
    constant, attention = drawn[:, place[CONSTANT]], drawn[:, place[ATTENTION]]
    return Scoreboard(
        model=found.model,
        task=found.task,
        shots=k,
        n_questions=len(np.unique(found.judged.unit)),
        scores=tuple(
            Score(
                account,
                _setting(found, account, settings[account]),
                len(tuning[account]),
                Measure.of(drawn[:, i]),
                Measure.of(constant - drawn[:, i]),
            )
            for account, i in place.items()
        ),
        least=float(-xlogy(laws, laws).sum(axis=1).mean()),
        lead=Measure.of(drawn[:, rival].min(axis=1) - attention),
        above_controls=Measure.of(drawn[:, controls].min(axis=1) - attention),
    )


def _setting(found: Rivals, account: str, setting: str) -> str:
    """Name a head by block and number."""
    if account != ATTENTION:
        return setting
    block, head = found.site(int(setting.removeprefix("head ")))
    return f"block {block}, head {head}"
