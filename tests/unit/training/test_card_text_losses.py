"""Held-out English and grammar for the card, against what the plain model gives."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer

from taskscope.errors import TaskError
from taskscope.models.loading import load
from taskscope.training import trainer
from taskscope.training.cards import english, grammar
from taskscope.training.corpus.sources import BUNDLED
from taskscope.training.held_out import row_losses
from taskscope.training.language_recipes import SMOKE

WIKI = """
 = First thing =

 The cat 's tail ( short ) was 3 @.@ 5 cm , or 1 @,@ 000 times a well @-@ known <unk> ; it did n't .

 = = A part = =

 He said : " Go on ! " and the <unk> went .

 = Second thing =

 It cost £ 5 – 6 .
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return trainer.train(SMOKE, tmp_path_factory.mktemp("pico-smoke"), corpus=BUNDLED, device="cpu").folder


@pytest.fixture(scope="module")
def hf(trained):
    return AutoModelForCausalLM.from_pretrained(trained, dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def tokenizer(trained):
    return AutoTokenizer.from_pretrained(trained)


def test_markup_is_undone():
    first, second = english.articles(WIKI)
    assert first == (
        "The cat's tail (short) was 3.5 cm, or 1,000 times a well-known <unk>; it didn't.\n\n"
        'He said: "Go on!" and the <unk> went.'
    )
    assert second == "It cost £5 – 6."


def naive(hf, tokenizer, text: str) -> tuple[float, int]:
    """Bits and bytes of a short text, without tokens that hold a piece of an unknown word."""
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids = [tokenizer.eos_token_id, *encoded["input_ids"]]
    with torch.inference_mode():
        logp = hf(torch.tensor([ids])).logits[0].log_softmax(-1)
    unknown = {i for start in _starts(text, "<unk>") for i in range(start, start + 5)}
    bits, counted = 0.0, set()
    for place, (start, end) in enumerate(encoded["offset_mapping"]):
        if not unknown & set(range(start, end)):
            bits -= logp[place, ids[place + 1]].item() / math.log(2)
            counted |= set(range(start, end))
    return bits, sum(len(text[i].encode()) for i in counted)


def _starts(text: str, word: str) -> list[int]:
    return [i for i in range(len(text)) if text.startswith(word, i)]


def test_bits_per_byte_are_what_the_plain_model_gives(hf, tokenizer, tmp_path):
    folder = tmp_path / english.SOURCE
    folder.mkdir()
    (folder / english.FILE).write_text(WIKI, encoding="utf-8")
    bits, size = map(sum, zip(*(naive(hf, tokenizer, text) for text in english.articles(WIKI)), strict=True))
    found = english.measure(hf, tokenizer, tmp_path, SMOKE.shape.context)
    assert found["bytes"] == size
    assert found["bits_per_byte"] == pytest.approx(bits / size, rel=1e-5)
    assert found["articles"] == 2
    low, high = found["interval"]
    assert low <= found["bits_per_byte"] <= high
    with pytest.raises(TaskError, match="wikitext2_valid_test"):
        english.measure(hf, tokenizer, tmp_path / english.SOURCE, 64)


@settings(max_examples=12, deadline=None)
@given(lengths=st.lists(st.integers(2, 40), min_size=1, max_size=20))
def test_rows_of_any_lengths_cost_what_each_costs_alone(hf, lengths):
    rng = np.random.default_rng(len(lengths))
    rows = [rng.integers(0, 512, size=n) for n in lengths]
    together = row_losses(hf, rows)
    for row, losses in zip(rows, together, strict=True):
        assert losses.shape == (len(row) - 1,)
        np.testing.assert_allclose(losses, row_losses(hf, [row])[0], rtol=1e-4, atol=1e-4)


def write_paradigm(folder, name: str, term: str, pairs: list[tuple[str, str]]) -> None:
    rows = [
        {
            **{"UID": name, "linguistics_term": term, "field": "syntax", "simple_LM_method": True},
            **{"pairID": i, "sentence_good": good, "sentence_bad": bad},
        }
        for i, (good, bad) in enumerate(pairs)
    ]
    (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def test_grammar_is_judged_by_whole_sentences(hf, tokenizer, trained, tmp_path):
    words = ["the cat sat", "a dog ran on", "he is here", "they were not", "we go up", "it is so"]
    pairs = [(a, b) for a in words for b in words if a < b]
    paradigms = {"one": "binding", "two": "binding", "three": "ellipsis"}
    for number, (name, term) in enumerate(paradigms.items()):
        write_paradigm(tmp_path, name, term, [*pairs[number * 5 :], ("same", "same")])

    def log_p(text: str) -> float:
        ids = torch.tensor([[tokenizer.eos_token_id, *tokenizer.encode(text)]])
        with torch.inference_mode():
            logp = hf(ids).logits[0, :-1].log_softmax(-1)
        return logp.gather(1, ids[0, 1:, None]).sum().item()

    wanted = {
        name: np.mean([log_p(a) > log_p(b) for a, b in pairs[number * 5 :]] + [0.5])
        for number, name in enumerate(paradigms)
    }
    parts: list[str] = []
    found = grammar.measure(load(str(trained)), tmp_path, on_part=parts.append)
    assert sorted(parts) == sorted(paradigms)
    assert found["paradigms"] == pytest.approx(wanted)
    assert found["overall"]["accuracy"] == pytest.approx(np.mean(list(wanted.values())))
    binding = found["phenomena"]["binding"]
    assert binding["accuracy"] == pytest.approx((wanted["one"] + wanted["two"]) / 2)
    assert binding["interval"] == pytest.approx(sorted((wanted["one"], wanted["two"])))
    low, high = found["phenomena"]["ellipsis"]["interval"]
    assert low < wanted["three"] < high
    assert grammar.measure(load(str(trained)), tmp_path, pairs=3)["pairs"] == 9
