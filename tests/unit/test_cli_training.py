"""`taskscope train` and `taskscope card` as a user meets them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from taskscope.cli import training_progress
from taskscope.cli.card import DIFFERS
from taskscope.cli.console import OK, TERMINATED
from taskscope.cli.main import app
from taskscope.cli.training_progress import duration, parts_line
from taskscope.errors import TaskscopeError
from taskscope.training import card
from taskscope.training.cards import language
from taskscope.training.cards.language import Effort
from taskscope.training.corpus.sources import BUNDLED

COMMAND = [sys.executable, "-m", "taskscope.cli.main"]
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "TASKSCOPE_DATA"}


def taskscope(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=300, env=ENVIRONMENT
    )


@pytest.fixture(scope="module")
def smoke(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "smoke"
    started = time.monotonic()
    done = taskscope("train", "--profile", "smoke", "--out", str(folder))
    assert done.returncode == OK, done.stderr
    assert time.monotonic() - started < 120
    assert f"taskscope card {folder}" in done.stdout.replace("\n", " ")
    assert "Building the corpus" in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("pico-smoke: 32,768 tokens, loss ")
    assert last.endswith("(32/32)")
    return folder


def weights(folder: Path) -> str:
    return json.loads((folder / "training.json").read_text())["weights_sha256"]


def test_a_training_that_was_stopped_ends_with_the_same_weights(smoke, tmp_path):
    folder = tmp_path / "stopped"
    command = [*COMMAND, "train", "--profile", "smoke", "--out", str(folder)]
    process = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    losses = folder / "loss.jsonl"
    deadline = time.monotonic() + 120
    while not (losses.exists() and len(losses.read_text().splitlines()) >= 3) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    assert process.returncode == TERMINATED, told
    assert "The same command goes on" in told
    assert not (folder / "model.safetensors").exists()
    again = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=300)
    assert again.returncode == OK, again.stderr
    assert "Building the corpus" not in again.stderr
    assert weights(folder) == weights(smoke)


def test_the_card_of_a_trained_model_is_written_and_checked(smoke, tmp_path, monkeypatch):
    little = Effort(draws=4, tasks=("to-upper",))
    monkeypatch.setattr(language, "Effort", lambda: little)  # all of a card takes a minute
    monkeypatch.setattr(card, "Effort", lambda: little)
    monkeypatch.delenv("TASKSCOPE_DATA", raising=False)
    out = tmp_path / "with-card"
    shutil.copytree(smoke, out, ignore=shutil.ignore_patterns("corpus", "checkpoints", "checkpoint.pt"))

    def ask(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["card", str(out), *arguments])

    written = ask("--out", str(out))
    assert written.exit_code == OK, written.output
    assert "left out grammar: no data folder was given" in " ".join(written.stderr.split())
    stored = json.loads((out / "card.json").read_text())
    assert stored["few_shot"] and stored["documents"] and stored["grammar"] is None
    agreed = ask("--check")
    assert (agreed.exit_code, agreed.stdout) == (OK, "The card agrees with the stored one.\n")
    stored["documents"]["lists/seen"]["nats_per_token"] -= 0.5
    (out / "card.json").write_text(json.dumps(stored))
    checked = ask("--check")
    assert checked.exit_code == DIFFERS
    text, loss = checked.stdout.splitlines()
    assert text == "README.md: not the text of card.json"
    assert loss.startswith("documents/lists/seen/nats_per_token: ")
    assert ask().stdout.rstrip() == (out / "README.md").read_text().rstrip()


@pytest.mark.parametrize(
    ("arguments", "given", "hint"),
    [
        (["train", "--out", "x"], "neither a recipe nor a profile", "--profile smoke"),
        (["train", "pico-s", "--profile", "smoke", "--out", "x"], "recipe 'pico-s' and profile 'smoke'", ""),
        (["train", "--profile", "smoek", "--out", "x"], "unknown profile 'smoek'", "smoke"),
        (["train", "pico-x", "--out", "x"], "no recipe is called 'pico-x'", "pico-xs"),
        (["train", "pico-xs", "--out", "x"], "none was given", "wikipedia_en_2015"),
        (["train", "smoke", "--corpus", "x", "--out", "x"], "makes its own documents", ""),
        (["card", "planted-vectr"], "no model 'planted-vectr'", "planted-vector"),
    ],
)
def test_bad_input_says_what_was_given_and_what_to_try(arguments, given, hint):
    with pytest.raises(TaskscopeError) as caught:
        app(arguments, standalone_mode=False)
    assert given in caught.value.given
    assert hint in caught.value.expected + caught.value.hint


def test_folders_that_are_not_there_are_named_with_their_nearest(tmp_path):
    shutil.copytree(BUNDLED, tmp_path / "sources")
    (tmp_path / "sources" / "paragraphs").rename(tmp_path / "sources" / "paragraph")
    out, there, wrong = tmp_path / "out", str(tmp_path / "sources"), str(tmp_path / "source")
    cases = (
        (("train", "pico-smoke", "--corpus", wrong), "is not a folder", "sources"),
        (("train", "pico-smoke", "--corpus", there), "no source 'paragraphs'", "'paragraph'"),
        (("card", "planted-vector", "--data", wrong), "is not a folder", "sources"),
        (("card", there, "--check"), "no card.json", ""),
        (("card", there), "no recipe.json", "taskscope list models"),
    )
    for arguments, given, hint in cases:
        with pytest.raises(TaskscopeError) as caught:
            app([*arguments, "--out", str(out)], standalone_mode=False)
        assert given in caught.value.given
        assert hint in caught.value.hint
    assert not out.exists()


def test_help_of_card_needs_no_torch():
    code = """
import sys
from taskscope.cli.main import run
for command in ("card", "train"):
    sys.argv = ["taskscope", command, "--help"]
    try:
        run()
    except SystemExit:
        pass
assert not {"torch", "transformers"} & set(sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    for command in ("card", "train"):
        assert f"taskscope {command}" in CliRunner().invoke(app, [command, "--help"]).output


def test_without_a_terminal_a_line_is_printed_now_and_then(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(training_progress.time, "monotonic", lambda: now[0])
    with parts_line("card", 8) as on_part:
        for part in "abcdefgh":
            on_part(part)
            now[0] += 4.0
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["card: a (0/8)", "card: d (3/8, 20 s left)", "card: g (6/8, 8 s left)"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (59.2, "59 s"), (100, "2 min"), (3600, "1 h 00 min"), (8000, "2 h 13 min")],
)
def test_durations_are_words(seconds, words):
    assert duration(seconds) == words
