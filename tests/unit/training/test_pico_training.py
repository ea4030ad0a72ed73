"""The miniature of the pico recipe from plain paragraphs to a folder that anyone can load."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from taskscope import pico
from taskscope.errors import RunError, TaskError
from taskscope.models.checkpoints import tokens as of_training
from taskscope.training import checkpoints, trainer
from taskscope.training.corpus.building import build
from taskscope.training.corpus.mixture import Mixture
from taskscope.training.corpus.packed import PackedCorpus
from taskscope.training.documents.pseudowords import pseudowords
from taskscope.training.held_out import part_loss
from taskscope.training.language import CHECKPOINTS, EVALUATIONS
from taskscope.training.language_recipes import SMOKE
from taskscope.training.network import build_network

KILLED = """
import os, signal, sys
from pathlib import Path
from taskscope.training import trainer
from taskscope.training.language_recipes import SMOKE

def stop(progress):
    if progress.step == 21:
        os.kill(os.getpid(), signal.SIGKILL)

trainer.train(SMOKE, Path(sys.argv[2]), corpus=Path(sys.argv[1]), device="cpu", on_progress=stop)
"""


def paragraph(rng: np.random.Generator) -> str:
    """Some sentences about people and things, with new words now and then."""
    names, things, verbs = (
        ("Anna", "Ben", "The old man", "Her sister"),
        ("boat", "house", "garden"),
        ("saw", "found"),
    )
    sentences = []
    for _ in range(rng.integers(3, 7)):
        new = pseudowords(1, rng)[0]
        who, what, did = (str(rng.choice(options)) for options in (names, things, verbs))
        sentences.append(f"{who} {did} a {what} near the {new} river, and it was not far from the hill.")
    return " ".join(sentences)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    (folder / "paragraphs").mkdir()
    rng = np.random.default_rng(0)
    for number in range(60):
        text = "\n\n".join(paragraph(rng) for _ in range(6))
        (folder / "paragraphs" / f"{number}.txt").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def whole(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> trainer.Trained:
    """The miniature trained without a stop."""
    return trainer.train(SMOKE, tmp_path_factory.mktemp("whole"), corpus=sources, device="cpu")


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_losses_fall_and_are_written_for_every_step(whole):
    losses = rows(whole.folder / trainer.LOSSES)
    assert [row["step"] for row in losses] == list(range(1, SMOKE.steps + 1))
    assert [row["tokens"] for row in losses] == [1024 * row["step"] for row in losses]
    assert losses[0]["loss"] == pytest.approx(np.log(512), rel=0.15)
    assert np.mean([row["loss"] for row in losses[-5:]]) < 0.8 * losses[0]["loss"]


def test_held_out_losses_stand_at_every_milestone_for_every_part(whole):
    corpus = PackedCorpus(whole.folder / trainer.CORPUS)
    evaluations = rows(whole.folder / EVALUATIONS)
    assert [row["step"] for row in evaluations] == list(SMOKE.milestones)
    assert all(set(row["held_out"]) == set(corpus.held_out_parts) for row in evaluations)
    first, last = evaluations[0]["held_out"], evaluations[-1]["held_out"]
    assert all(last[part] < first[part] for part in first)


def test_the_loss_of_a_part_is_what_the_plain_model_gives(whole):
    """By the loaded folder, one document at a time; weights are stored in half precision."""
    corpus = PackedCorpus(whole.folder / trainer.CORPUS)
    model = AutoModelForCausalLM.from_pretrained(whole.folder, dtype=torch.float32).eval()
    tokens = corpus.held_out("lists/seen")
    end = AutoTokenizer.from_pretrained(whole.folder).eos_token_id
    documents = np.split(tokens[:1025].astype(np.int64), np.flatnonzero(tokens[:1025] == end) + 1)
    losses = []
    with torch.inference_mode():
        for document in filter(len, documents):
            read = torch.from_numpy(np.concatenate([[end], document]))
            logits = model(read[None, :-1]).logits[0]
            losses.append(torch.nn.functional.cross_entropy(logits, read[1:], reduction="none"))
    assert len(losses) > 2
    wanted = torch.cat(losses).mean().item()
    assert part_loss(model, tokens[:1025], end) == pytest.approx(wanted, rel=1e-5)
    stored = rows(whole.folder / EVALUATIONS)[-1]["held_out"]["lists/seen"]
    assert part_loss(model, tokens, end) == pytest.approx(stored, rel=0.02)


def test_the_folder_and_its_checkpoints_load_without_this_package(whole):
    tokenizer = AutoTokenizer.from_pretrained(whole.folder)
    assert len(tokenizer) == 512
    assert (whole.folder / "tokenizer.json").read_bytes().count(b"\n") == 1
    steps = [whole.folder / CHECKPOINTS / f"step-{step}" for step in SMOKE.milestones[:-1]]
    hashes = {
        checkpoints.weights_hash(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32))
        for folder in (*steps, whole.folder)
    }
    assert len(hashes) == len(SMOKE.milestones)
    assert not list(steps[0].glob("tokenizer*"))


def test_the_untrained_model_is_made_again_from_shape_and_seed(whole):
    tokenizer = AutoTokenizer.from_pretrained(whole.folder)
    one, same, other = (
        checkpoints.weights_hash(build_network(SMOKE.shape, tokenizer, seed)) for seed in (0, 0, 1)
    )
    assert one == same != other


@pytest.mark.slow
def test_killed_and_resumed_is_the_same_as_never_stopped(whole, tmp_path):
    corpus = whole.folder / trainer.CORPUS
    folder = tmp_path / "killed"
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    command = [sys.executable, "-c", KILLED, str(corpus), str(folder)]
    killed = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (folder / "model.safetensors").exists()
    seen = []
    resumed = trainer.train(
        SMOKE, folder, corpus=corpus, device="cpu", on_progress=lambda p: seen.append(p.step)
    )
    assert seen == list(range(17, SMOKE.steps + 1))
    assert (resumed.weights, resumed.tokens) == (whole.weights, whole.tokens)
    for name in (trainer.LOSSES, EVALUATIONS, "model.safetensors"):
        assert (folder / name).read_bytes() == (whole.folder / name).read_bytes()


def test_a_model_is_trained_on_with_its_own_tokeniser_and_weights(whole, sources, tmp_path, monkeypatch):
    """The second training begins where the first one ended, whatever is read."""
    shelf = tmp_path / "shelf"
    shutil.copytree(whole.folder, shelf / "weights" / SMOKE.name)
    (shelf / "weights" / SMOKE.name / "card.json").write_text(
        json.dumps({"kind": "language", "parameters": 1, "blocks": 2, "tokens": whole.tokens, "summary": ""})
    )
    monkeypatch.setattr(pico, "_ROOT", shelf)
    mixture = Mixture.model_validate(
        {**SMOKE.mixture.model_dump(), "name": "more", "seed": 1, "tokenizer": SMOKE.name}
        | {"shares": {"contested": 0.5, "contested-many-shot": 0.2}, "tokens": 12_000}
    )
    more = SMOKE.model_copy(update={"start": SMOKE.name, "mixture": mixture, "tokens": 12_000})
    rates = {"rate": 1e-9, "outer_rate": 1e-9, "decay": 0.0}
    standing = trainer.train(more.model_copy(update=rates), tmp_path / "out", corpus=sources, device="cpu")
    one, same = map(AutoTokenizer.from_pretrained, (whole.folder, standing.folder))
    assert one.backend_tokenizer.to_str() == same.backend_tokenizer.to_str()
    first, last = (
        AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).state_dict()
        for folder in (whole.folder, standing.folder)
    )
    assert all(torch.allclose(first[name], last[name], atol=1e-3, rtol=2**-7) for name in first)
    assert of_training(standing.folder) == whole.tokens + standing.tokens
    moved = trainer.train(more, tmp_path / "moved", corpus=standing.folder / trainer.CORPUS, device="cpu")
    assert moved.weights != standing.weights
    unknown = mixture.model_copy(update={"tokenizer": "pico-none"})
    with pytest.raises(TaskError, match="no built-in model is called 'pico-none'"):
        build(unknown, sources, tmp_path / "none")


def test_a_corpus_that_does_not_fit_the_recipe_is_refused(whole, tmp_path):
    corpus = whole.folder / trainer.CORPUS
    other = SMOKE.mixture.model_copy(update={"seed": 1})
    for recipe, match in (
        (SMOKE.model_copy(update={"mixture": other}), "another version"),
        (SMOKE.model_copy(update={"tokens": 40_000}), "32,800 tokens"),
    ):
        with pytest.raises(RunError, match=match):
            trainer.train(recipe, tmp_path, corpus=corpus, device="cpu")
    with pytest.raises(RunError, match="none was given"):
        trainer.train(SMOKE, tmp_path, device="cpu")
