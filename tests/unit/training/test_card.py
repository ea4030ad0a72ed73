import json

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from identity_blocks import prepend_identity_blocks
from taskscope.errors import ModelError
from taskscope.tasks import registry
from taskscope.tasks.prompts import FORMATS
from taskscope.tasks.sampling import draw
from taskscope.training import card, export, shipping
from taskscope.training.cards import lines
from taskscope.training.cards.measuring import Probe


@pytest.fixture(scope="module")
def probe(smoke):
    return Probe(smoke.folder)


def prompts(n: int):
    draws = draw(registry.get("to-upper"), registry.get("to-upper").items, n, 3, 2, np.random.default_rng(0))
    texts = [
        FORMATS["arrow"].render([(i.input, i.label) for i in d.demonstrations], d.query.input).text
        for d in draws
    ]
    return draws, texts


def test_accuracy_is_what_generation_gives(smoke, probe):
    """An answer counts exactly when greedy generation writes it, here made so for two prompts of three."""
    _, texts = prompts(9)
    tokenizer = AutoTokenizer.from_pretrained(smoke.folder)
    model = AutoModelForCausalLM.from_pretrained(smoke.folder)
    answers = []
    for i, text in enumerate(texts):
        ids = torch.tensor([tokenizer.encode(text)])
        new = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=2, do_sample=False)
        first, second = new[0, ids.shape[1] :].tolist()
        wrong = tokenizer.decode([first, 40 if second != 40 else 41])
        answers.append([wrong] if i % 3 == 0 else [wrong, tokenizer.decode([first, second])])
    assert probe.accuracy(texts, answers) == pytest.approx(2 / 3)


def test_theta_is_the_mean_hidden_state(probe):
    _, texts = prompts(4)
    found = probe.theta([texts[:2], texts[2:]])
    for query in range(2):
        for block in range(len(probe.blocks) - 1):  # the last hidden state is already normed
            expected = []
            for text in (texts[query], texts[query + 2]):
                ids = torch.tensor([probe.tokenizer.encode(text)])
                with torch.no_grad():
                    expected.append(
                        probe.model(ids, output_hidden_states=True).hidden_states[block + 1][0, -1]
                    )
            torch.testing.assert_close(found[block, query], sum(expected) / 2, rtol=1e-4, atol=1e-5)


def test_identity_blocks_change_no_logit_and_move_the_vector(smoke, tmp_path, probe):
    moved = Probe(prepend_identity_blocks(smoke.folder, 2, tmp_path / "moved"))
    ids = torch.tensor([probe.tokenizer.encode("a->A\nb->B\nc->")])
    with torch.no_grad():
        torch.testing.assert_close(moved.model(ids).logits, probe.model(ids).logits, rtol=0, atol=0)
    assert len(moved.blocks) == len(probe.blocks) + 2
    _, texts = prompts(4)
    torch.testing.assert_close(moved.theta([texts])[2:], probe.theta([texts]), rtol=0, atol=0)
    assert not torch.equal(moved.theta([texts])[2], moved.theta([texts])[1])


def test_identity_blocks_refuse_what_they_cannot_do(smoke, tmp_path):
    with pytest.raises(ModelError, match="zero or more"):
        prepend_identity_blocks(smoke.folder, -1, tmp_path / "x")
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(ModelError, match="gpt2"):
        prepend_identity_blocks(tmp_path, 1, tmp_path / "x")


def test_weights_stored_in_half_precision_load_in_single(smoke, probe, tmp_path):
    export.write_folder(probe.model, probe.tokenizer, tmp_path, torch.bfloat16)
    half = (tmp_path / export.WEIGHTS).stat().st_size
    assert half < 0.6 * (smoke.folder / export.WEIGHTS).stat().st_size
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert loaded.dtype == torch.float32
    for name, value in loaded.state_dict().items():
        assert torch.equal(value, probe.model.state_dict()[name].bfloat16().float())


def test_the_card_says_what_was_measured(smoke, tmp_path, monkeypatch):
    monkeypatch.setattr(lines.registry, "names", lambda: ["to-upper", "next-letter"])
    monkeypatch.setattr(lines, "N_QUERIES", 20)
    monkeypatch.setattr(lines, "KNOWN", 0.0)
    written = shipping.ship(smoke.folder, tmp_path)
    assert written == json.loads((tmp_path / card.CARD).read_text())
    assert written["tasks"] == ["to-upper", "next-letter"]
    assert written["planted_block"] == 1
    assert written["tokens"] == smoke.tokens
    assert written["weights_sha256"] == smoke.weights
    kept = [json.loads(line) for line in (tmp_path / "loss.jsonl").read_text().splitlines()]
    assert [row["step"] for row in kept] == [50, 60]
    text = (tmp_path / "README.md").read_text()
    for scores in written["scores"]:
        row = next(line for line in text.splitlines() if line.startswith(f"| {scores['task']} |"))
        cells = [float(cell) for cell in row.strip("| ").split("|")[1:]]
        assert cells == pytest.approx(
            [scores["zero_shot"], scores["few_shot"], *scores["hypothesis"]], abs=0.005
        )
    assert card.disagreements(tmp_path, written, card.measure(tmp_path)) == []
