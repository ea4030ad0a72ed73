"""A class that is right on short prompts alone is found out when longer ones come, and not before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from toys import CONTEXT, toy

from taskscope.errors import ModelError
from taskscope.models.checks import doctor
from taskscope.models.language_model import LanguageModel
from taskscope.models.lengths import Lengths, agreement

CHUNK = 16


@pytest.fixture
def rows() -> LanguageModel:
    return toy("llama", route="rows", fresh=True)


@pytest.fixture
def leaky(rows: LanguageModel) -> LanguageModel:
    """A model that looks ahead in whatever comes after its first chunk."""

    def leak(_module: Any, _args: Any, out: Tensor) -> Tensor:
        return torch.cat([out[:, :CHUNK], out[:, CHUNK:] + 0.1 * out[:, CHUNK:].mean(1, keepdim=True)], dim=1)

    rows.hf.model.embed_tokens.register_forward_hook(leak)
    return rows


def prompt(model: LanguageModel, tokens: int) -> str:
    """Make a prompt of exactly so many tokens, BOS included."""
    text = "#" * (tokens - 1)
    assert len(model.encode(text)) == tokens
    return text


def test_prompts_within_the_first_chunk_run_and_longer_ones_are_refused(leaky: LanguageModel) -> None:
    leaky.capture([prompt(leaky, CHUNK)])
    with pytest.raises(ModelError, match=r"(?s)'long prompts': in 32 tokens.*more than 16 tokens"):
        leaky.capture([prompt(leaky, CHUNK + 1)])
    with pytest.raises(ModelError, match="long prompts"):
        leaky.score([(prompt(leaky, CHUNK), "#" * 9)])
    leaky.capture([prompt(leaky, CHUNK)])


def test_the_doctor_names_it_where_loading_cannot_see_it(leaky: LanguageModel) -> None:
    assert [check.name for check in doctor(leaky) if not check.passed] == ["long prompts"]


def test_a_class_that_stops_on_long_prompts_is_refused_in_words(rows: LanguageModel) -> None:
    def stop(_module: Any, args: tuple[Tensor]) -> None:
        if args[0].shape[1] > CHUNK:
            raise TypeError("no such kernel")

    rows.hf.model.embed_tokens.register_forward_pre_hook(stop)
    with pytest.raises(ModelError, match=r"32 tokens fail with TypeError: no such kernel"):
        rows.capture([prompt(rows, CHUNK + 1)])


def test_running_out_of_memory_is_not_taken_for_a_fault(rows: LanguageModel) -> None:
    def full(*_args: Any) -> Iterator[None]:
        raise torch.OutOfMemoryError("out of memory")

    rows.hf.model.embed_tokens.register_forward_pre_hook(full)
    with pytest.raises(ModelError, match="out of memory with a single prompt of 16 tokens"):
        Lengths(rows.hf, CONTEXT).reach(CHUNK)


def test_a_length_is_checked_once_and_never_beyond_what_can_be_asked(
    rows: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def record(hf: Any, length: int) -> Any:
        asked.append(length)
        return agreement(hf, length)

    monkeypatch.setattr("taskscope.models.lengths.agreement", record)
    for tokens in (7, 9, 16, 12, 33, 40, 50, CONTEXT):
        rows.capture([prompt(rows, tokens)])
    assert asked == [16, 48, 50, CONTEXT]


def test_models_that_run_packed_are_not_checked_again() -> None:
    assert toy("llama").executor.lengths is None
