"""The command line as a user meets it: help at once and without torch, errors in three parts, exit codes."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from taskscope.cli.brief import uncollected
from taskscope.cli.console import BAD_INPUT, OK
from taskscope.cli.main import app
from taskscope.errors import TaskscopeError
from taskscope.studies.catalogue import ACCOUNTS
from taskscope.training.cards import lines

runner = CliRunner()
COMMANDS = (
    "demo",
    "run",
    "look",
    "list",
    "show",
    "query",
    "report",
    "compare",
    "export",
    "doctor",
    "train",
    "card",
)


def taskscope(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "taskscope.cli.main", *arguments], capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_shows_an_example(command: str) -> None:
    result = runner.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"taskscope {command}" in result.output


@pytest.mark.parametrize("arguments", [["--help"], ["list", "claims"], ["list", "studies"]])
def test_light_commands_never_import_torch(arguments: list[str]) -> None:
    code = f"""
import sys
from taskscope.cli.main import run
sys.argv = ["taskscope", *{arguments!r}]
try:
    run()
except SystemExit:
    pass
heavy = {{"torch", "transformers", "altair", "scipy"}} & set(sys.modules)
assert not heavy, heavy
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr


def test_help_takes_less_than_half_a_second() -> None:
    def once() -> float:
        before = os.times()
        taskscope("--help")
        after = os.times()
        return sum(after[2:4]) - sum(before[2:4])

    # Processor time of the child: on a busy machine the clock says more about the others.
    assert min(once() for _ in range(3)) < 0.5


def test_list_claims_names_every_claim_of_every_account() -> None:
    rows = json.loads(runner.invoke(app, ["list", "claims", "--json"]).output)
    assert len(rows) == sum(len(account.claims) for account in ACCOUNTS)
    assert {row["state"] for row in rows} <= {"implemented", "not yet"}
    assert len({row["study"] for row in rows}) == 6


@pytest.mark.parametrize(
    ("arguments", "given", "hint"),
    [
        (["list", "model"], "there is no list of 'model'", "models"),
        (["run", "task-vector", "-m", "planted-vector"], "unknown study 'task-vector'", "task-vectors"),
        (["run", "task-vectors"], "no model given", "taskscope list models"),
        (["run", "kernel-regression", "--part", "weights"], "no model for the parts", "--part theory"),
        (["run", "kernel-regression", "--part", "theorie"], "part 'theorie'", "theory"),
        (["run", "task-vectors", "--part", "theory"], "no parameter 'parts'", ""),
        (["run", "task-vectors", "-m", "planted-vectr"], "planted-vectr", "planted-vector"),
        (["run", "task-vectors", "-m", "planted-vector", "-t", "en-frr"], "en-frr", "en-fr"),
        (["run", "task-vectors", "-m", "planted-vector", "-p", "smok"], "unknown profile 'smok'", "smoke"),
        (["run", "task-vectors", "-m", "planted-vector", "--set", "kk=3"], "no parameter 'kk'", "k"),
        (["run", "task-vectors", "-m", "planted-vector", "--set", "k=many"], "k = 'many'", ""),
        (
            ["run", "task-vectors", "-m", "planted-vector", "--engine", "rya"],
            "--engine rya",
            "inline, ray or",
        ),
        (["show", "no-such-run"], "no-such-run", ""),
        (["look", "planted-vector"], "no prompt was given", "taskscope look"),
        (["look", "planted-vector", "a->", "--file", "x.txt"], "a file too", ""),
        (["look", "planted-vector", "--file", "no-such.txt"], "no-such.txt", "standard input"),
        (["look", "planted-vector", ""], "an empty prompt", ""),
        (["look", "planted-vector", "hello"], "no query was recognised", "--arrow"),
        (["look", "planted-vector", r"a->b\nc->d"], "has its label already", "take the last label away"),
        (["look", "planted-vector", "a->", "--arrow", ""], "the arrow '', which is empty", "--arrow '=>'"),
        (["look", "planted-vector", "a->", "--arrow", " "], "nothing but white space", "no --arrow"),
        (["look", "planted-vector", "a->", "--between", ""], "'' between demonstrations", "--between ', '"),
        (["look", "planted-vectr", "a->"], "planted-vectr", "planted-vector"),
        (
            ["look", "planted-vector", "a->b\n" * 200 + "c->"],
            "a prompt of",
            "fewer or shorter demonstrations",
        ),
    ],
)
def test_bad_input_says_what_was_given_and_what_to_try(arguments: list[str], given: str, hint: str) -> None:
    result = taskscope(*arguments)
    assert result.returncode == BAD_INPUT, result.stderr
    assert given in result.stderr.replace("\n", " ")
    assert hint in result.stderr
    assert "Traceback" not in result.stderr


def test_train_runs_a_recipe_writes_its_card_and_leaves_a_finished_folder(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(lines, "N_QUERIES", 4)
    command = ["train", "smoke", "--out", str(tmp_path / "smoke")]
    first = runner.invoke(app, command)
    assert first.exit_code == OK, first.output
    files = ("model.safetensors", "card.json", "README.md")
    before = [(tmp_path / "smoke" / name).read_bytes() for name in files]
    assert json.loads(before[1])["measured"]["queries"] == 4
    monkeypatch.setattr(lines, "N_QUERIES", 0)  # measuring again would fail
    assert runner.invoke(app, command).exit_code == OK
    assert [(tmp_path / "smoke" / name).read_bytes() for name in files] == before


def test_list_models_names_the_built_in_ones() -> None:
    rows = json.loads(runner.invoke(app, ["list", "models", "--json"]).output)
    assert {"planted-vector", "null-vector", "pico-xs"} <= {row["model"] for row in rows}
    assert all(row["parameters"] > 0 and row["summary"] for row in rows)
    printed = runner.invoke(app, ["list", "models"], env={"COLUMNS": "80"}).output
    names = [line.split()[0] for line in printed.splitlines()[1 : len(rows) + 1]]
    assert names == [row["model"] for row in rows], "a name is broken, or a summary stands between them"


LOOKED = "apple=>a\nlime=>l\ncorn=>"


def test_look_reads_files_and_standard_input_and_writes_one_page(tmp_path: Path) -> None:
    source, target = tmp_path / "prompt.txt", tmp_path / "one.html"
    source.write_text(LOOKED + "\n", encoding="utf-8")
    command = ["look", "planted-vector", "--arrow", "=>"]
    looked = runner.invoke(app, [*command, "--file", str(source), "--out", str(target)])
    assert looked.exit_code == OK, looked.output
    assert str(target) in looked.output.replace("\n", "")
    assert "<h1" in target.read_text(encoding="utf-8")
    told = runner.invoke(app, [*command, "-", "--json"], input=LOOKED)
    assert told.exit_code == OK, told.output
    assert json.loads(told.output)["demonstrations"] == [["apple", "a"], ["lime", "l"]]


def test_look_says_where_it_could_not_write() -> None:
    result = runner.invoke(app, ["look", "planted-vector", "a->", "--out", "no/such/folder/look.html"])
    assert isinstance(result.exception, TaskscopeError)
    assert "no/such/folder" in result.exception.given
    assert result.exception.expected
    assert "--out" in result.exception.hint


NOTED = """
import os, sys
from pathlib import Path
from taskscope.cli.main import app
module = sys.modules["taskscope.cli.look"]
write = module._write
def _write(page, *given):
    write(page, *given)
    print("here" if os.getpid() == asker else "beside", file=open(page.with_suffix(".txt"), "w"))
asker, _write.__module__, module._write = os.getpid(), module.__name__, _write
app()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="work is done beside other work on Linux only")
def test_a_look_is_written_by_the_process_beside(tmp_path: Path) -> None:
    """In a new process, where torch is not there yet; otherwise by the one that looks."""
    page = tmp_path / "look.html"
    command = ["look", "planted-vector", r"go->going\nsee->seeing\nwalk->", "--out", str(page)]
    for before, told in (("", "beside"), ("import torch", "here")):
        done = subprocess.run(
            [sys.executable, "-c", before + NOTED, *command], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == OK and str(page) in done.stdout.replace("\n", ""), done.stderr
        assert page.with_suffix(".txt").read_text(encoding="utf-8") == told + "\n"
        assert "<svg" in page.read_text(encoding="utf-8")


def test_a_look_in_a_new_process_says_where_it_could_not_write(tmp_path: Path) -> None:
    place = tmp_path / "no" / "look.html"
    done = taskscope("look", "planted-vector", r"go->going\nsee->seeing\nwalk->", "--out", str(place))
    assert done.returncode == BAD_INPUT and "--out" in done.stderr and not place.parent.exists()


LATIN = "café->a\nthé->b\nlait->".encode("latin-1")


@pytest.mark.parametrize("how", ["argument", "file", "standard input"])
def test_look_refuses_a_prompt_that_is_no_text(how: str, tmp_path: Path) -> None:
    source = tmp_path / "prompt.txt"
    source.write_bytes(LATIN)
    given: list[str | bytes] = {"argument": [LATIN], "file": ["--file", str(source)]}.get(how, ["-"])
    command = [sys.executable, "-m", "taskscope.cli.main", "look", "planted-vector", *given]
    # In this locale Python reads what is no UTF-8 as lone surrogates, as it does arguments in any.
    done = subprocess.run(
        command, input=LATIN, capture_output=True, env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "1"}
    )
    told = done.stderr.decode()
    assert done.returncode == BAD_INPUT, told
    assert "not text in UTF-8" in told
    assert "iconv" in told


def test_look_leaves_out_the_mark_at_the_beginning_of_a_file(tmp_path: Path) -> None:
    source = tmp_path / "prompt.txt"
    source.write_text(LOOKED.replace("\n", "\r\n"), encoding="utf-8-sig", newline="")
    command = ["look", "planted-vector", "--arrow", "=>", "--file", str(source), "--json"]
    assert json.loads(runner.invoke(app, command).output)["demonstrations"] == [["apple", "a"], ["lime", "l"]]


@pytest.mark.parametrize("was_on", [True, False])
def test_what_is_made_in_a_brief_command_is_not_collected_there_nor_later(was_on: bool) -> None:
    (gc.enable if was_on else gc.disable)()
    try:
        frozen = gc.get_freeze_count()
        with uncollected():
            assert not gc.isenabled()
            kept = [[] for _ in range(1000)]
        assert gc.isenabled() == was_on
        assert gc.get_freeze_count() >= frozen + len(kept)
    finally:
        gc.unfreeze()
        gc.enable()
