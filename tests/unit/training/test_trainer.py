import json
import os
import signal
import subprocess
import sys

import pytest

from taskscope.errors import ModelError, RunError
from taskscope.training import checkpoints, recipes, trainer
from taskscope.training.line_session import LineSession
from taskscope.training.network import build_network

SHORT = recipes.get("smoke").model_copy(update={"steps": 30, "checkpoint_every": 10})
KILLED = """
import os, signal, sys
from pathlib import Path
from taskscope.training import recipes, trainer

recipe = recipes.Recipe.model_validate_json(sys.argv[2])

def stop(progress):
    if progress.step == 17:
        os.kill(os.getpid(), signal.SIGKILL)

trainer.train(recipe, Path(sys.argv[1]), device="cpu", on_progress=stop)
"""


def losses(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / trainer.LOSSES).read_text().splitlines()]


def test_smoke_lowers_both_losses(smoke):
    rows = losses(smoke.folder)
    assert [row["step"] for row in rows] == list(range(1, 61))
    for key in ("loss", "edit_loss"):
        first, last = (sum(row[key] for row in part) / 5 for part in (rows[:5], rows[-5:]))
        assert last < 0.6 * first


def test_killed_and_resumed_is_the_same_as_never_stopped(tmp_path):
    whole = trainer.train(SHORT, tmp_path / "whole", device="cpu")
    folder = tmp_path / "killed"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", KILLED, str(folder), SHORT.model_dump_json()]
    killed = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (folder / "model.safetensors").exists()
    seen = []
    resumed = trainer.train(SHORT, folder, device="cpu", on_progress=lambda p: seen.append(p.step))
    assert seen == list(range(11, 31))
    assert resumed.weights == whole.weights
    assert resumed.tokens == whole.tokens
    assert losses(folder) == losses(tmp_path / "whole")


def test_another_recipe_is_not_continued(tmp_path):
    trainer.train(SHORT.model_copy(update={"steps": 1}), tmp_path, device="cpu")
    other = SHORT.model_copy(update={"steps": 1, "seed": 1})
    with pytest.raises(RunError, match="another recipe"):
        trainer.train(other, tmp_path, device="cpu")
    assert trainer.train(other, tmp_path, device="cpu", resume=False).tokens > 0


def test_a_finished_folder_is_left_as_it_is(tmp_path):
    recipe = SHORT.model_copy(update={"steps": 2})
    first = trainer.train(recipe, tmp_path, device="cpu")
    seen = []
    again = trainer.train(recipe, tmp_path, device="cpu", on_progress=seen.append)
    assert not seen
    assert (again.weights, again.tokens) == (first.weights, first.tokens)


def test_a_half_written_checkpoint_is_never_seen(tmp_path, monkeypatch):
    """A crash while writing leaves the checkpoint before it."""
    session = LineSession(SHORT, "cpu")
    checkpoints.save(tmp_path, "id", 1, 10, session.model, session.optimisers)

    def crash(state, file):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(checkpoints.torch, "save", crash)
    with pytest.raises(OSError, match="disk full"):
        checkpoints.save(tmp_path, "id", 2, 20, session.model, session.optimisers)
    assert checkpoints.load(tmp_path, "id", session.model, session.optimisers) == (1, 10)


def test_the_seed_changes_the_weights():
    tokenizer = LineSession(SHORT, "cpu").tokenizer
    one, same, other = (checkpoints.weights_hash(build_network(SHORT.shape, tokenizer, s)) for s in (0, 0, 1))
    assert one == same != other


def test_recipes_are_found_by_name():
    assert recipes.get("smoke").name == "smoke"
    assert len({recipes.get(name).fingerprint for name in recipes.names()}) == len(recipes.names())
    with pytest.raises(ModelError, match="did you mean 'planted-vector'"):
        recipes.get("planted-vectors")
