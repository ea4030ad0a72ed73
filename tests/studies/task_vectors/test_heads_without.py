"""Blocks whose heads cannot be told apart are left out by number and reason; the others are measured."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest
import torch
from letters_model import N_BLOCKS, model
from rowmaker import world
from test_heads_left_out import ABLE, head_cell
from torch import nn
from transformers import JambaConfig, JambaForCausalLM, MambaConfig, MambaForCausalLM

from taskscope.models.blocks import locate
from taskscope.models.heads import blocks_without_heads
from taskscope.models.language_model import LanguageModel
from taskscope.report.findings import Verdict
from taskscope.studies.task_vectors.analysis import analyse
from taskscope.studies.task_vectors.heads.grids import head_effects, without_heads
from taskscope.studies.task_vectors.heads.measure import measure
from taskscope.studies.task_vectors.tables import tables

NOT_FOUND = "no linear map was found that mixes 2 attention heads of equal width"


@pytest.fixture
def wrapped() -> Iterator[LanguageModel]:
    """The model of letters, to be changed: nobody else reads it afterwards."""
    model.cache_clear()
    yield model()
    model.cache_clear()


def wrap(reader: LanguageModel, blocks: range | tuple[int, ...]) -> LanguageModel:
    """Hide the projections of some blocks in modules that are no linear maps, but compute the same."""
    for block in blocks:
        attention = reader.anatomy.blocks[block].self_attn
        attention.o_proj = nn.Sequential(attention.o_proj)
    return LanguageModel(reader.hf, reader.tokenizer, None, locate(reader.hf), "tiny", "tiny")


def page(reader: LanguageModel) -> tuple[pa.Table, pa.Table]:
    """The rows of the head cell alone, and all rows that a page is made of."""
    cell, _ = head_cell(*ABLE)
    rows = measure(cell, reader).rows
    for name, value in {"model": "tiny", "task": cell.tasks[0].name, "seed": cell.seed}.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
    plain = world(2, {"baseline": 0, "regular": 20}, model="tiny")
    return rows, pa.concat_tables([plain, rows], promote_options="permissive")


def test_some_blocks_are_named_and_the_heads_of_the_others_measured(wrapped: LanguageModel) -> None:
    _, params = head_cell(*ABLE)
    whole = head_effects(page(wrapped)[0], "tiny")
    rows, table = page(wrap(wrapped, (1, 3)))
    assert without_heads(rows, "tiny") == {1: NOT_FOUND, 3: NOT_FOUND}
    for part, of_all in zip(head_effects(rows, "tiny"), whole, strict=True):
        kept = ~torch.isin(torch.tensor(of_all.sites[:, 0]), torch.tensor([1, 3])).numpy()
        assert (part.sites == of_all.sites[kept]).all()
        assert abs(part.values - of_all.values[:, kept]).max() < 1e-5
    [found] = [finding for finding in analyse(table, params) if finding.claim == "C6"]
    assert "heads cannot be told apart: blocks 1, 3." in found.statement
    [made] = [made for made in tables(table, [], params) if "blocks-without-heads" in made.name]
    assert made.rows == ((1, NOT_FOUND), (3, NOT_FOUND))


def test_where_no_block_is_left_every_one_is_named(wrapped: LanguageModel) -> None:
    _, params = head_cell(*ABLE)
    rows, table = page(wrap(wrapped, range(N_BLOCKS)))
    assert without_heads(rows, "tiny") == dict.fromkeys(range(N_BLOCKS), NOT_FOUND)
    [found] = [finding for finding in analyse(table, params) if finding.claim == "C6"]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "blocks 0, 1, 2, 3, 4." in found.statement
    assert [made for made in tables(table, [], params) if "blocks-without-heads" in made.name]


def test_a_model_all_of_whose_heads_can_be_told_apart_says_nothing_of_it() -> None:
    _, params = head_cell(*ABLE)
    rows, table = page(model())
    assert without_heads(rows, "tiny") == {}
    assert not [made for made in tables(table, [], params) if "blocks-without-heads" in made.name]


def test_heads_of_another_width_are_named(wrapped: LanguageModel) -> None:
    wrapped.anatomy.blocks[2].self_attn.o_proj = nn.Linear(48, 24)
    reader = wrap(wrapped, ())
    assert reader.blocks_without_heads == {2: "its heads are 24 numbers wide, those of most blocks 12"}


def test_a_recurrence_has_no_heads_and_blocks_without_attention_have_none() -> None:
    sizes = {"vocab_size": 32, "hidden_size": 16, "num_hidden_layers": 2, "pad_token_id": 0}
    recurrent = MambaForCausalLM(MambaConfig(**sizes, state_size=4))
    found = blocks_without_heads(locate(recurrent), recurrent)
    assert found == dict.fromkeys((0, 1), "the model's configuration names no number of heads")
    experts = {"num_experts": 2, "num_experts_per_tok": 1, "use_mamba_kernels": False}
    layers = {"attn_layer_period": 2, "attn_layer_offset": 1, "intermediate_size": 16}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1}
    mixed = JambaForCausalLM(JambaConfig(**sizes, **experts, **layers, **heads))
    assert blocks_without_heads(locate(mixed), mixed) == {0: NOT_FOUND}
