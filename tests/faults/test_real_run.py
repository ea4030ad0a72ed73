"""A real study on a tiny random model through the command line: killed, interrupted, resumed, extended."""

from __future__ import annotations

import json
import os
import re
import signal
import string
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from taskscope.cli.console import CELLS_FAILED, INTERRUPTED, OK, TERMINATED

TASKS = ("next-letter", "to-upper", "list-first", "list-last")
FEW = ("--set", "n_dev=8", "--set", "n_test=8", "--set", "draws=100")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A local folder with a random decoder that reads letters."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("models") / "letters"
    characters = string.ascii_letters + " ,->:\n"
    bare = Tokenizer(models.WordLevel({c: i for i, c in enumerate(["?", *characters])}, unk_token="?"))
    bare.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    PreTrainedTokenizerFast(tokenizer_object=bare, unk_token="?").save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=64,
        hidden_size=24,
        intermediate_size=32,
        num_hidden_layers=5,
        num_attention_heads=2,
        max_position_embeddings=256,
        bos_token_id=None,
        eos_token_id=None,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def command(model: Path, out: Path, *more: str) -> list[str]:
    tasks = [word for task in TASKS for word in ("-t", task)]
    run = ["run", "task-vectors", "-m", str(model), "--profile", "smoke", "-o", str(out)]
    return [sys.executable, "-m", "taskscope.cli.main", *run, *tasks, *FEW, *more]


def finish(model: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(model, out, *more), capture_output=True, text=True, timeout=300)


def measured(out: Path) -> dict[str, bytes]:
    """Rows of every measured cell."""
    return {path.parent.name: path.read_bytes() for path in out.glob("cells/*/rows.parquet")}


def of_heads(cells: dict[str, bytes]) -> set[str]:
    """Those of all tasks together; rows of heads alone have a column of that name."""
    return {key for key, rows in cells.items() if b"able" in rows}


@pytest.fixture(scope="module")
def whole(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing disturbed."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    result = finish(model, out)
    assert result.returncode == OK, result.stderr
    assert len(measured(out)) > len(TASKS)  # a cell for each task, and those that compare tasks
    return out


def heed_interrupts() -> None:
    """Undo what a shell does that starts the tests in the background: its children ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def stop_after_one_cell(model: Path, out: Path, how: signal.Signals) -> tuple[int, str]:
    """Start the run, send a signal once the first cell is there, return the exit code and what was told."""
    with subprocess.Popen(
        command(model, out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heed_interrupts
    ) as child:
        deadline = time.monotonic() + 240
        while not measured(out) and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        child.send_signal(how)
        told = child.communicate(timeout=60)[1].decode()
        return child.returncode, told


@pytest.mark.slow
def test_a_killed_run_resumes_and_ends_in_the_same_findings(model: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    assert stop_after_one_cell(model, out, signal.SIGKILL)[0] == -signal.SIGKILL
    kept = measured(out)
    assert 0 < len(kept) < len(measured(whole))
    times = {key: os.stat(out / "cells" / key / "rows.parquet").st_mtime_ns for key in kept}
    assert finish(model, out).returncode == OK
    assert {k: os.stat(out / "cells" / k / "rows.parquet").st_mtime_ns for k in kept} == times
    assert (out / "findings.json").read_bytes() == (whole / "findings.json").read_bytes()
    assert (out / "report.html").stat().st_size > 100_000

    verdicts = {f["claim"]: f["verdict"] for f in json.loads((out / "findings.json").read_bytes())}
    assert verdicts.keys() >= {"C1", "C2"}
    assert "supported" not in verdicts.values()  # the model is random


@pytest.mark.slow
def test_a_run_killed_ten_times_ends_in_the_same_findings(model: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    forked = [sys.executable, str(Path(__file__).with_name("forked_runs.py")), "10", "3"]
    result = subprocess.run([*forked, *command(model, out)[3:]], capture_output=True, text=True, timeout=600)
    assert result.returncode == OK, result.stderr
    held = [int(line.split()[2]) for line in result.stdout.splitlines() if line.startswith("killed with")]
    assert len(held) == 10 and held == sorted(held)
    assert (out / "findings.json").read_bytes() == (whole / "findings.json").read_bytes()
    assert measured(out) == measured(whole)
    assert not (out / "damaged").exists() and not (out / "claims").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, INTERRUPTED), (signal.SIGTERM, TERMINATED)])
def test_a_stopped_run_says_how_to_go_on(
    model: Path, whole: Path, tmp_path: Path, how: signal.Signals, code: int
) -> None:
    out = tmp_path / "run"
    stopped, told = stop_after_one_cell(model, out, how)
    assert stopped == code
    assert "resume with" in told and f"-o {out}" in " ".join(told.split())
    kept = measured(out)
    assert 0 < len(kept) < len(measured(whole))
    assert not list((out / ".tmp").iterdir()) and not (out / "claims").exists()
    times = {key: os.stat(out / "cells" / key / "rows.parquet").st_mtime_ns for key in kept}
    assert finish(model, out).returncode == OK
    assert {k: os.stat(out / "cells" / k / "rows.parquet").st_mtime_ns for k in kept} == times
    assert measured(out) == measured(whole)
    assert (out / "findings.json").read_bytes() == (whole / "findings.json").read_bytes()


def shown_in_a_terminal(words: list[str]) -> str:
    """Run a command to its end in a terminal of its own; returns all that was drawn there."""
    here, there = os.openpty()
    with subprocess.Popen(words, stdin=there, stdout=there, stderr=there) as child:
        os.close(there)
        drawn = b""
        with suppress(OSError):  # what Linux answers once the other side is closed
            while part := os.read(here, 65536):
                drawn += part
    os.close(here)
    assert child.returncode == OK, drawn.decode()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn.decode())


@pytest.mark.slow
def test_another_terminal_follows_a_run_to_its_end(model: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with subprocess.Popen(command(model, out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
        deadline = time.monotonic() + 240
        while not measured(out) and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        drawn = shown_in_a_terminal([sys.executable, "-m", "taskscope.cli.main", "show", str(out), "--live"])
        assert run.wait(timeout=240) == OK
    looks = re.findall(r"task-vectors +(\d+) +(\d+) +(\d+) +(\d+)", drawn)
    n = len(measured(whole))
    assert {sum(map(int, look)) for look in looks} == {n}
    assert 0 < int(looks[0][0]) < n and int(looks[0][2]) == 1  # some done, and one in work
    assert [int(count) for count in looks[-1]] == [n, 0, 0, 0]
    assert f"process {run.pid} on " in drawn
    assert "Every cell is done or failed." in drawn


@pytest.mark.slow
def test_a_failing_cell_is_kept_as_data_and_does_not_stop_the_others(
    model: Path, whole: Path, tmp_path: Path
) -> None:
    words = tmp_path / "foreign.json"
    items = [{"input": f"{a}{b}" * 40, "output": b} for a in "abcdef" for b in "uvwxyz"]
    words.write_text(json.dumps(items), encoding="utf-8")  # too long for the model's context
    result = finish(model, tmp_path / "run", "-t", str(words))
    assert result.returncode == CELLS_FAILED, result.stderr
    assert "foreign" in result.stderr
    # Heads are chosen for each task on the others: their one cell is another one, and leaves the task out.
    before, after = of_heads(measured(whole)), of_heads(measured(tmp_path / "run"))
    assert len(before) == len(after) == 1
    assert measured(tmp_path / "run").keys() - after == measured(whole).keys() - before
    shown = subprocess.run(
        [sys.executable, "-m", "taskscope.cli.main", "show", str(tmp_path / "run"), "--json"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert shown.returncode == CELLS_FAILED
    failed = json.loads(shown.stdout)["failed"]
    assert failed
    assert all("tokens" in cell["message"] for cell in failed)
