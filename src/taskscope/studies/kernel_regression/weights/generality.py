"""The same on every model of a run, and in single prompts: the table and the maps of M13."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.drawing import head_map, of_model
from taskscope.studies.kernel_regression.params import KernelRegressionParams
from taskscope.studies.kernel_regression.weights.findings import weights
from taskscope.studies.kernel_regression.weights.resampling import TEMPLATE, UNTRAINED, ModelWeights
from taskscope.studies.kernel_regression.weights.single_prompts import MASS, SinglePrompts, single_prompts
from taskscope.studies.kernel_regression.weights.verdict import judge_labels, judge_place, judge_votes
from taskscope.studies.remembering import once_per_table
from taskscope.studies.wording import percent

WIDEST = 16
"""Heads of a block up to which a prompt's map is drawn beside the mean."""
NOTE = (
    "What M1 and M2 say of each model. 'look at labels': heads after the first third of the blocks that give "
    "a label's token more than twice the attention of a mean token, beside those that do so for the token "
    "before it, and in a model of the same make with random weights. 'agreement': of the head whose vote is "
    "most often the model's answer, over all questions, and of the best head by chance. 'one prompt like the "
    "others': correlation over heads between one prompt's attention to labels and the mean of the other "
    "prompts', and the same with heads exchanged within blocks. 'heads in one prompt' and 'in the mean' are "
    "effective numbers, (sum m)^2 / sum m^2: a mean over prompts spreads further than they do, whatever "
    "heads do. The paper tells the same trend of Llama-2 and Llama-3-8B, and sparser maps of the same "
    "pattern in single prompts, without numbers."
)


class ModelMaps(NamedTuple):
    """One model of the run."""

    weights: ModelWeights
    single: SinglePrompts


@once_per_table
def generality(rows: pa.Table, params: KernelRegressionParams) -> list[list[ModelMaps]]:
    """Compare single prompts with their mean on every model: one list of all models, or nothing."""
    found = [
        ModelMaps(each, single_prompts(each.model, [v.setting for v in each.votes], params.draws))
        for each in weights(rows, params)
    ]
    return [found] if found else []


def tables(found: Sequence[ModelMaps]) -> list[Table]:
    """Tabulate one line a model."""
    records = [_record(*each) for each in found]
    return [
        Table(
            name="kernel-regression-generality",
            title="Attention and votes, model by model, and in single prompts",
            columns=tuple(records[0]),
            rows=tuple(tuple(record.values()) for record in records),
            note=NOTE,
        )
    ]


def figures(found: Sequence[ModelMaps]) -> list[Figure]:
    """Draw the first held-out prompt's map beside the mean of all, for every model of few enough heads."""
    return [_maps(*each) for each in found if each.weights.heads.per_block <= WIDEST]


def _record(found: ModelWeights, single: SinglePrompts) -> dict[str, Any]:
    heads, voters = found.heads, found.voting_heads
    best = int(found.map.argmax())
    untrained = found.lifted_controls.get(UNTRAINED)
    return {
        "model": found.model,
        "blocks x heads": f"{len(heads.blocks)} x {heads.per_block}",
        "look at labels": _told(Measure.of(found.lifted)),
        "at the token before": percent(found.lifted_controls[TEMPLATE][0]),
        "random weights": None if untrained is None else percent(untrained[0]),
        "best head": heads.name(best),
        "agreement": percent(found.map[best]),
        "best by chance": percent(float(np.median(found.best_by_chance))),
        "voting heads": len(voters),
        "in the upper half": int(found.upper[voters].sum()),
        "RQ2": str(judge_labels(found).verdict),
        "RQ3": str(judge_place(found).verdict),
        "RQ4": str(judge_votes(found).verdict),
        "one prompt like the others": _told(single.alike),
        "heads exchanged": round(single.exchanged.value, 3),
        "heads in one prompt": round(single.heads.value, 1),
        "in the mean": round(single.heads_of_mean.value, 1),
    }


def _maps(found: ModelWeights, single: SinglePrompts) -> Figure:
    held_out = found.votes[0].setting.held_out.masses[MASS]
    return of_model(
        found.model,
        "single-prompt",
        "Where heads look at labels: in one prompt and on average",
        f"The map of a prompt and that of the others correlate by {single.alike.value:.2f} on average; "
        f"exchanging heads within blocks leaves {single.exchanged.value:.2f}. "
        f"A prompt has {single.heads.value:.0f} effective heads on average, the mean map "
        f"{single.heads_of_mean.value:.0f}.",
        (
            "Heat-map",
            "attention of the last token on labels by block and head, in one prompt and averaged over "
            "prompts.",
        ),
        head_map(
            Axis("mass", "attention on labels", format=".2f"),
            found.heads.sites,
            {"in one": held_out[0], "on average": held_out.mean(axis=0)},
            found.heads.blocks,
        ),
    )


def _told(measure: Measure) -> str:
    return f"{measure.value:.2f} ({measure.low:.2f} to {measure.high:.2f})"
