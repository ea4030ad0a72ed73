"""Attention and votes of the kernel-regression study on random models of unlike families (M13)."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import tiny
from families import FAMILIES, VOCABULARY
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from taskscope.models.identity import identify, reference
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.studies.base import PlannedModel
from taskscope.studies.kernel_regression.params import WEIGHTS, KernelRegressionParams
from taskscope.studies.kernel_regression.study import KERNEL_REGRESSION
from taskscope.studies.kernel_regression.weights.generality import generality, tables
from taskscope.studies.kernel_regression.weights.measure import measure

CHOSEN = {"llama": "max_position_embeddings", "gpt2": "n_positions", "bloom": None}
"""Rotary, learned and ALiBi positions, with the setting that says how long a prompt may be."""
SIZES = KernelRegressionParams(
    parts=(WEIGHTS,),
    tasks=("sentiment",),
    k=4,
    n_selection=40,
    n_held_out=20,
    n_orders=1,
    n_random=2,
    draws=200,
)


def letters_that_start_labels() -> PreTrainedTokenizerFast:
    """Single letters, but for the spaces in front of the labels' first letters, which tell labels apart."""
    spelt = json.loads(tiny.tokenizer().backend_tokenizer.to_str())
    vocabulary = spelt["model"]["vocab"]
    for letter in "np":  # negative, positive
        spelt["model"]["merges"].append(["Ġ", letter])
        vocabulary["Ġ" + letter] = len(vocabulary)
    assert len(vocabulary) <= VOCABULARY
    whole = Tokenizer.from_str(json.dumps(spelt))
    return PreTrainedTokenizerFast(tokenizer_object=whole, unk_token="<0>")


def rows_of(folder: Path) -> pa.Table:
    """Measure attention weights of one model as a run would."""
    spec = ModelSpec(name=str(folder))
    known = identify(spec)
    sizes = {"n_blocks": known.n_blocks, "n_parameters": known.n_parameters, "context": known.context}
    planned = PlannedModel(ref=reference(spec), **sizes)
    (cell,) = KERNEL_REGRESSION.plan(SIZES, [planned])
    rows = measure(cell, load(spec)).rows
    for column, value in (("model", folder.name), ("task", "sentiment"), ("seed", 0)):
        rows = rows.append_column(column, pa.array([value] * len(rows)))
    return rows


@pytest.mark.slow
def test_every_family_has_its_line_and_none_looks_at_labels(tmp_path: Path) -> None:
    known = {family.name: family for family in FAMILIES}
    for name, longest in CHOSEN.items():
        family = known[name]
        config = family.config | ({longest: 1024} if longest else {})
        tiny.network(replace(family, config=config)).save_pretrained(tmp_path / name)
        letters_that_start_labels().save_pretrained(tmp_path / name)
    rows = [rows_of(tmp_path / name) for name in CHOSEN]
    (found,) = generality(pa.concat_tables(rows, promote_options="default").unify_dictionaries(), SIZES)
    (table,) = tables(found)
    lines = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [line["model"] for line in lines] == sorted(CHOSEN)
    for line in lines:
        assert line["blocks x heads"] == "4 x 4"
        assert line["RQ2"] != "supported" and line["RQ4"] != "supported"
        assert 1 <= line["heads in one prompt"] <= line["in the mean"] <= 16
