"""What `look` asks of a model equals plain forward passes, and it is few passes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from small import N_BLOCKS, model, plain_logp

from taskscope.look.answers import LONGEST
from taskscope.look.measure import look
from taskscope.look.parse import parse
from taskscope.look.states import at_arrows
from taskscope.models.language_model import LanguageModel
from taskscope.models.probing import Column

PROMPT = "go->went\nsee->saw\neat->ate\nrun->"
BARE = "run->"
FAMILIES = ("llama", "gpt2", "gemma2", "mamba")
PLACES = 3e-5


@pytest.fixture(params=FAMILIES)
def subject(request: pytest.FixtureRequest) -> LanguageModel:
    return model(request.param)


def test_unmodified_columns_equal_a_plain_forward_pass(subject: LanguageModel) -> None:
    found = subject.distributions([PROMPT, BARE], [Column(0), Column(1), Column(0)])
    for row, prompt in zip(found, (PROMPT, BARE, PROMPT), strict=True):
        expected = plain_logp(subject, subject.encode(prompt))[-1].numpy()
        np.testing.assert_allclose(row, expected, atol=PLACES)


def test_the_read_out_of_the_last_block_is_the_models_own_prediction(subject: LanguageModel) -> None:
    own = subject.capture([PROMPT])[0]
    [read, plain] = subject.distributions([PROMPT, BARE], [Column(1, N_BLOCKS - 1, own[-1]), Column(0)])
    np.testing.assert_allclose(read, plain, atol=PLACES)


def test_putting_the_own_state_back_changes_nothing(subject: LanguageModel) -> None:
    own = subject.capture([BARE])[0]
    columns = [Column(0), *(Column(0, block, own[block]) for block in range(N_BLOCKS))]
    found = subject.distributions([BARE], columns)
    np.testing.assert_allclose(found[1:], np.broadcast_to(found[:1], found[1:].shape), atol=PLACES)


def test_writing_on_equals_greedy_decoding_step_by_step(subject: LanguageModel) -> None:
    ids = subject.encode(PROMPT)
    for _ in range(4):
        ids.append(int(plain_logp(subject, ids)[-1].argmax()))
    [written] = subject.complete([PROMPT], [Column(0)], lambda tokens: False, 4)
    assert list(written) == ids[-4:]
    [stopped] = subject.complete([PROMPT], [Column(0)], lambda tokens: len(tokens) >= 2, 4)
    assert list(stopped) == ids[-4:-2]


def test_an_edit_stays_where_it_was_made_while_writing_on(subject: LanguageModel) -> None:
    vector = subject.capture([PROMPT])[0][1]
    ids, at = subject.encode(BARE), len(subject.encode(BARE)) - 1
    block = subject.anatomy.blocks[1]

    def put(_module: Any, _args: Any, output: Any) -> Any:
        hidden = output[0] if isinstance(output, tuple) else output
        changed = hidden.clone()
        changed[0, at] = torch.from_numpy(vector)
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    handle = block.register_forward_hook(put)
    for _ in range(3):
        ids.append(int(plain_logp(subject, ids)[-1].argmax()))
    handle.remove()
    [written] = subject.complete([BARE], [Column(0, 1, vector)], lambda tokens: False, 3)
    assert list(written) == ids[-3:]


def test_a_forced_answer_equals_the_score(subject: LanguageModel) -> None:
    prompt, answer = subject.encode_pair(PROMPT, "ran")
    [forced] = subject.force([PROMPT], [Column(0)], tuple(answer))
    logp = plain_logp(subject, prompt + answer)
    places = range(len(prompt) - 1, len(prompt) + len(answer) - 1)
    expected = sum(float(logp[place, token]) for place, token in zip(places, answer, strict=True))
    assert forced == pytest.approx(expected, abs=1e-4)
    assert forced == pytest.approx(subject.score([(PROMPT, "ran")])[0], abs=1e-4)


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2"])
def test_attention_equals_what_the_model_gives_itself(family: str) -> None:
    subject = model(family)
    former = subject.attention
    with subject.guard():
        found = subject.attention_of_last(PROMPT)
    assert subject.attention == former
    assert found.blocks == tuple(range(N_BLOCKS))
    assert found.gaps == ()
    np.testing.assert_allclose(found.weights.sum(axis=-1), 1, atol=1e-5)
    subject.hf.set_attn_implementation("eager")
    try:
        with torch.no_grad():
            ids = torch.tensor([subject.encode(PROMPT)])
            maps = subject.hf(input_ids=ids, output_attentions=True, use_cache=False).attentions
    finally:
        subject.hf.set_attn_implementation(former)
    np.testing.assert_allclose(found.weights, np.stack([m[0, :, -1].numpy() for m in maps]), atol=1e-6)


def test_a_model_without_attention_says_so_and_shows_the_rest() -> None:
    found = look(model("mamba"), parse(PROMPT))
    assert found.attention.weights == ()
    assert "state-space" in found.attention.gaps[0]
    assert len(found.blocks) == N_BLOCKS
    assert found.best is not None


def test_shown_probabilities_are_those_of_a_plain_pass(subject: LanguageModel) -> None:
    found = look(subject, parse(PROMPT))
    for said, prompt in ((found.answer, PROMPT), (found.alone, BARE)):
        expected = plain_logp(subject, subject.encode(prompt))[-1].exp()
        best = expected.topk(len(said.first))
        for guess, p, token in zip(said.first, best.values, best.indices, strict=True):
            assert guess.p == pytest.approx(float(p), abs=1e-4)
            assert guess.token == subject.tokenizer.decode([int(token)])
    assert found.blocks[-1].read[0].p == pytest.approx(found.answer.first[0].p, abs=1e-4)


def test_states_at_arrows_are_those_of_the_texts_alone_and_cost_no_token_beyond_the_whole_prompt(
    subject: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = parse(PROMPT)
    arrows = (reading.after(1), reading.after(2), PROMPT)
    other = ("see", BARE)  # the one is no beginning of the other: both must be run
    alone = np.concatenate([subject.capture([text]) for text in (*arrows, *other)])
    tokens: list[int] = []
    read = subject.executor.read

    def counted(works: Any, *args: Any) -> np.ndarray:
        tokens.append(sum(sum(len(branch.tokens) for branch in work.tree.branches) for work in works))
        return read(works, *args)

    monkeypatch.setattr(subject.executor, "read", counted)
    found = at_arrows(subject, [arrows, other])
    np.testing.assert_allclose(found, alone, atol=PLACES * np.abs(alone).max())
    assert tokens == [sum(len(subject.encode(text)) for text in (PROMPT, *other))]


def test_one_capture_one_sweep_one_read_of_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = model("llama")
    calls: Counter[str] = Counter()

    def counted(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            calls[name] += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, call)

    for name in ("read", "distributions", "predict"):
        counted(subject.executor, name)
    counted(subject, "attention_of_last")
    look(subject, parse(PROMPT))
    assert calls["read"] == 1
    assert calls["distributions"] == 1
    assert calls["attention_of_last"] == 1
    # The further tokens of answers, one pass each for all columns, and one pass for their probabilities.
    assert calls["predict"] <= LONGEST
