"""The miniature of the pico recipe from plain paragraphs to a folder that anyone can load."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from taskscope import pico
from taskscope.errors import ModelError, RunError
from taskscope.models.checkpoints import tokens as tokens_read
from taskscope.runs.cell import canonical_json
from taskscope.training import checkpoints, trainer
from taskscope.training.corpus.building import build, held_out_documents
from taskscope.training.corpus.mixture import CONTESTED, SHIPPED
from taskscope.training.corpus.packed import PackedCorpus
from taskscope.training.documents.facts import World
from taskscope.training.documents.kinds import Documents
from taskscope.training.documents.pseudowords import pseudowords
from taskscope.training.held_out import part_loss
from taskscope.training.language import CHECKPOINTS, EVALUATIONS, LanguageSession
from taskscope.training.language_recipes import SMOKE, LanguageRecipe
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


MORE = LanguageRecipe.model_validate(
    {
        **SMOKE.model_dump(),
        "start": SMOKE.name,
        "mixture": {
            **SMOKE.mixture.model_dump(),
            **{"name": "more", "seed": 2, "tokens": 12_000, "tokenizer": SMOKE.name},
            "shares": {"contested-brief": 0.2, "contested": 0.3, "contested-many-shot": 0.2},
        },
        "tokens": 12_000,
    }
)


@pytest.fixture
def built_in(whole, tmp_path, monkeypatch) -> Path:
    """The miniature as a built-in model."""
    folder = tmp_path / "shelf" / "weights" / SMOKE.name
    shutil.copytree(whole.folder, folder)
    monkeypatch.setattr(pico, "_ROOT", tmp_path / "shelf")
    return folder


def test_a_model_is_trained_on_with_its_own_tokeniser_and_weights(built_in, whole, sources, tmp_path):
    """The second training begins where the first one ended, whatever is read."""
    still = MORE.model_copy(update={"rate": 1e-9, "outer_rate": 1e-9, "decay": 0.0})
    standing = trainer.train(still, tmp_path / "out", corpus=sources, device="cpu")
    one, same = map(AutoTokenizer.from_pretrained, (whole.folder, standing.folder))
    assert one.backend_tokenizer.to_str() == same.backend_tokenizer.to_str()
    first, last = (
        AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).state_dict()
        for folder in (whole.folder, standing.folder)
    )
    assert all(torch.allclose(first[name], last[name], atol=1e-3, rtol=2**-7) for name in first)
    step = still.milestones[0]
    read = [tokens_read(f) for f in (standing.folder / CHECKPOINTS / f"step-{step}", standing.folder)]
    assert read == [whole.tokens + step * still.tokens_per_step, whole.tokens + standing.tokens]


def test_what_cannot_be_trained_on_is_refused(built_in, sources, tmp_path):
    for recipe, match in (
        (MORE.model_copy(update={"start": "pico-none"}), "no built-in model is called 'pico-none'"),
        (
            MORE.model_copy(update={"shape": SMOKE.shape.model_copy(update={"inner": 96})}),
            "another shape: .*mlp",
        ),
    ):
        with pytest.raises(ModelError, match=match):
            trainer.train(recipe, tmp_path / "out", corpus=sources, device="cpu")
    fitted = MORE.model_copy(update={"mixture": MORE.mixture.model_copy(update={"tokenizer": ""})})
    with pytest.raises(ModelError, match="reads other tokens"):
        trainer.train(fitted, tmp_path / "fitted", corpus=sources, device="cpu")
    nobody = MORE.mixture.model_copy(update={"tokenizer": "pico-none"})
    with pytest.raises(ModelError, match="no built-in model is called 'pico-none'"):
        build(nobody, sources, tmp_path / "none")
    assert not (tmp_path / "none").exists(), "refused before anything is read"


def test_a_checkpoint_is_not_continued_after_the_model_it_started_from_has_changed(
    built_in, whole, sources, tmp_path
):
    corpus = build(MORE.mixture, sources, tmp_path / "corpus")
    identity = LanguageSession(MORE, corpus, "cpu").identity
    assert LanguageSession(MORE, corpus, "cpu").identity == identity
    kept = whole.folder / CHECKPOINTS / f"step-{SMOKE.milestones[0]}" / "model.safetensors"
    shutil.copyfile(kept, built_in / "model.safetensors")
    assert LanguageSession(MORE, corpus, "cpu").identity != identity


def test_bfloat16_is_multiplied_where_a_processor_has_tiles_for_it_and_nowhere_else(
    sources, tmp_path, monkeypatch
):
    corpus, losses = build(SMOKE.mixture, sources, tmp_path / "corpus"), []
    for tiles in (False, True):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda tiles=tiles: {"amx_bf16": tiles})
        session = LanguageSession(SMOKE, corpus, "cpu")
        seen = set()
        query = session.model.model.layers[0].self_attn.q_proj
        query.register_forward_hook(lambda _module, _args, out, seen=seen: seen.add(out.dtype))
        losses.append(session.step(0)[0])
        assert seen == {torch.bfloat16 if tiles else torch.float32}
        assert {weight.dtype for weight in session.model.parameters()} == {torch.float32}
    assert losses[0] != losses[1] == pytest.approx(losses[0], rel=1e-2)


def test_choices_that_came_later_leave_older_fingerprints_as_they_were():
    """Corpora built and trainings begun before there were starts and tokenisers to take over go on."""
    old = SMOKE.model_dump(mode="json", exclude={"start": True, "mixture": {"tokenizer"}})
    for told, now in ((old, SMOKE), (old["mixture"], SMOKE.mixture)):
        assert hashlib.sha256(canonical_json(told).encode()).hexdigest() == now.fingerprint
    assert MORE.fingerprint != MORE.model_copy(update={"start": "pico-s"}).fingerprint
    assert MORE.mixture.fingerprint != MORE.mixture.model_copy(update={"tokenizer": ""}).fingerprint


def test_no_mixture_trains_on_the_documents_that_another_is_judged_by():
    trained, judged = set(), set()
    for mixture in (SHIPPED, CONTESTED):
        for kind in ("prose", "renamed"):
            written = Documents(kind, World(mixture.split), mixture.seed)
            trained |= {written[number] for number in range(20)}
            judged |= set(islice(held_out_documents(mixture)[f"{kind}/seen"], 20))
    assert trained and judged and not trained & judged


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
