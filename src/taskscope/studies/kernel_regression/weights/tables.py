"""The tables of RQ2 to RQ4: every number of a setting, heads, aggregations, masses and answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.voting import kappa
from taskscope.studies.kernel_regression.weights import variation, voting
from taskscope.studies.kernel_regression.weights.aggregating import AGGREGATIONS, PUBLISHED
from taskscope.studies.kernel_regression.weights.grids import HELD_OUT, Answers, Setting
from taskscope.studies.kernel_regression.weights.resampling import CONTROLS, ModelWeights, Votes
from taskscope.studies.kernel_regression.weights.rows import MASSES, ONE_LABEL

SHOWN_HEADS = 20


def tables(found: ModelWeights) -> list[Table]:
    """Tabulate what was measured on one model."""
    own = [_votes(found), _checks(found), _heads(found), _aggregations(found), _blocks(found)]
    return own + variation.tables(found)


def _table(found: ModelWeights, name: str, title: str, records: Sequence[dict[str, Any]], note: str) -> Table:
    return Table(
        name=f"kernel-regression-{slug(found.model)}-{name}",
        title=title,
        columns=tuple(records[0]),
        rows=tuple(tuple(record.values()) for record in records),
        note=note,
        model=found.model,
        headline=("setting", "right", "head", "agreement", CONTROLS[0]) if name == "votes" else (),
    )


def _votes(found: ModelWeights) -> Table:
    """Agreement beside the controls (M5)."""
    records = [
        {
            "setting": votes.setting.name,
            "queries": len(votes.setting.held_out.query),
            "right": _share(votes.setting.held_out.predicted == votes.setting.held_out.gold),
            "head": found.heads.name(votes.head),
            "agreement": _told(votes.agreement),
            **{name: _told(votes.controls[name]) for name in CONTROLS},
            "model without demonstrations": _told(votes.zero_shot),
            "model in another order": _told(votes.orders),
            **_corrected(votes),
        }
        for votes in found.votes
    ]
    note = (
        "Shares of held-out questions, with 95 % intervals from resampled queries. 'right': the model's "
        "answer is the right one. 'agreement': the chosen head's vote is the model's answer; the same of "
        "every control, of the model without demonstrations, and of the model when the demonstrations "
        "stand in another order, which no kernel would notice. kappa is 0 where two independent votes would "
        "agree as often; balanced agreement counts every answer of the model alike."
    )
    return _table(found, "votes", "The chosen head's vote and what agrees for simpler reasons", records, note)


def _corrected(votes: Votes) -> dict[str, float]:
    judged, n_classes = votes.setting.held_out, votes.setting.n_classes
    own = judged.published_votes[:, votes.head]
    return {
        "kappa": round(float(kappa(np.eye(n_classes)[own], judged.predicted, n_classes)), 4),
        "balanced agreement": round(voting.balanced_agreement(own, judged.predicted), 4),
    }


def _checks(found: ModelWeights) -> Table:
    """Other choices of heads, and what the vote follows (M5, M12, 6)."""
    records = [_check(votes, _elsewhere(found, votes.setting)) for votes in found.votes]
    note = (
        "'on selection' is the agreement on the questions by which the head was chosen, which is too high. "
        "'gold': the vote is the right answer. 'model right' and 'model errs': agreement on these questions "
        "alone. 'five heads': vote of their mean shares. 'head of other tasks': chosen on them. 'texts "
        "moved': the vote is the model's answer when texts are exchanged between labels. 'one label': the "
        "model gives the label that all demonstrations carry, as every vote does. 'answers by class' counts "
        "the model's answers."
    )
    return _table(found, "checks", "Other choices, and what votes follow", records, note)


def _check(votes: Votes, other: int | None) -> dict[str, Any]:
    setting, judged, head = votes.setting, votes.setting.held_out, votes.head
    own = judged.published_votes[:, head]
    agree, right = own == judged.predicted, judged.predicted == judged.gold
    several = voting.ensemble_votes(setting, voting.best_heads(setting, voting.ENSEMBLE), judged)
    moved, single = setting.permuted, setting.answers[HELD_OUT, ONE_LABEL]
    given = np.bincount(judged.predicted, minlength=setting.n_classes)
    return {
        "setting": setting.name,
        "on selection": round(float(voting.agreement_map(setting.selection)[head]), 4),
        "agreement": _share(agree),
        "gold": _share(own == judged.gold),
        "model right": _share(agree[right]),
        "model errs": _share(agree[~right]),
        "errors": int((~right).sum()),
        "five heads": _share(several == judged.predicted),
        "head of other tasks": None
        if other is None
        else _share(judged.published_votes[:, other] == judged.predicted),
        "texts moved": _share(moved.published_votes[:, head] == moved.predicted),
        "one label": _share(single.predicted == single.shown[:, 0]),
        "answers by class": " ".join(map(str, given.tolist())),
    }


def _elsewhere(found: ModelWeights, setting: Setting) -> int | None:
    """Head that agrees most on the selection questions of the other tasks; None where there is no other."""
    maps = [
        voting.agreement_map(votes.setting.selection)
        for votes in found.votes
        if votes.setting.task != setting.task
    ]
    return int(np.mean(maps, axis=0).argmax()) if maps else None


def _heads(found: ModelWeights) -> Table:
    threshold = found.threshold
    records = [
        {
            "block": int(found.heads.sites[head, 0]),
            "head": int(found.heads.sites[head, 1]),
            "agreement": round(float(found.map[head]), 4),
            "more than chance": bool(found.map[head] > threshold),
            "label lift": round(float(found.lift[head]), 3),
            "lift of the token before": round(float(found.template_lift[head]), 3),
        }
        for head in np.argsort(-found.map, kind="stable")[:SHOWN_HEADS]
    ]
    note = (
        "Over all questions, mean over settings. 'more than chance': above what the best of all heads "
        "reaches in 95 % of exchanges of the model's answers between questions with the same right answer, "
        f"{threshold:.3f}."
    )
    return _table(found, "heads", "The heads whose votes agree most", records, note)


def _aggregations(found: ModelWeights) -> Table:
    """How much depends on how a demonstration's weight is read off its tokens (M2)."""
    records = []
    for votes in found.votes:
        chosen, judged = votes.setting.selection, votes.setting.held_out
        published = _map(chosen, AGGREGATIONS.index(PUBLISHED))
        for i, name in enumerate(AGGREGATIONS):
            own = _map(chosen, i)
            head = int(own.argmax())
            varies = own.std() > 0 and published.std() > 0
            records.append(
                {
                    "setting": votes.setting.name,
                    "aggregation": name,
                    "head": found.heads.name(head),
                    "on selection": round(float(own[head]), 4),
                    "held out": round(float(_map(judged, i)[head]), 4),
                    "like the published one": round(
                        float(np.corrcoef(rankdata(own), rankdata(published))[0, 1]), 3
                    )
                    if varies
                    else None,
                }
            )
    note = (
        "Weight of a demonstration: largest weight in text and label (as published, and used for the "
        "verdict), weight of the label's last token, sum over text and label, sum over the label, mean over "
        "text and label. 'like the published one': rank correlation of the heads' agreement."
    )
    return _table(found, "aggregations", "Five ways to weigh a demonstration", records, note)


def _map(answers: Answers, aggregation: int) -> np.ndarray:
    return (answers.votes[:, aggregation] == answers.predicted[:, None]).mean(axis=0)


def _blocks(found: ModelWeights) -> Table:
    """Where the last token looks, block by block (M1)."""
    heads = found.heads
    masses = {
        name: np.mean([votes.setting.held_out.masses[name].mean(axis=0) for votes in found.votes], axis=0)
        for name in MASSES
    }
    records = [
        {"block": block}
        | {
            name.replace("_", " "): round(float(masses[name][heads.sites[:, 0] == block].mean()), 4)
            for name in MASSES
        }
        for block in heads.blocks
    ]
    note = (
        "Mean over heads, held-out questions and settings. Masses are shares of the last token's attention: "
        "on all labels, on the first token, on the last ten tokens. Lifts compare a token's weight with that "
        "of a demonstration's mean token; 'template' is the token before each label."
    )
    return _table(found, "blocks", "Where the last token looks, by block", records, note)


def _share(hits: np.ndarray) -> float | None:
    return round(float(hits.mean()), 4) if len(hits) else None


def _told(draws: np.ndarray) -> str:
    measure = Measure.of(draws)
    return f"{measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})"
