"""The docs: every command in them parses, every page of the site is there, docstrings make the reference."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path, PurePath

import click
import pytest
import typer
import yaml

from taskscope.cli.main import app
from taskscope.studies.registry import ACCOUNTS
from taskscope.studies.task_spaces import hypothesis_files
from taskscope.studies.task_spaces.params import FEW
from taskscope.tasks import files, labelled_files, pair_files, registry

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "README.ja.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
GROUP = typer.main.get_command(app)


def commands(page: Path) -> list[str]:
    """Lines of shell blocks that call taskscope, joined where a line goes on, and commands in sentences."""
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    found = [" ".join(line.split()) for line in re.findall(r"(?<!`)`(taskscope \w[^`]+)`", prose)]
    for block in re.findall(r"^```(?:sh|bash|console)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for line in block.replace("\\\n", " ").splitlines():
            if re.match(r"(\.venv/bin/)?taskscope ", line.strip()):
                found.append(line.strip())
    return found


CALLS = [(page, line) for page in PAGES for line in commands(page)]


@pytest.mark.parametrize(
    ("page", "line"), CALLS, ids=lambda value: value.name if isinstance(value, Path) else value
)
def test_every_command_parses(page: Path, line: str) -> None:
    _, *arguments = shlex.split(line, comments=True)
    command: click.Command = GROUP
    context = click.Context(command, info_name="taskscope")
    while isinstance(command, click.Group):
        name = arguments.pop(0)
        assert name in command.commands, f"no command {name!r}"
        command = command.commands[name]
        context = click.Context(command, info_name=name, parent=context)
    command.parse_args(context, arguments)


def test_what_the_docs_check_leaves_out_is_listed_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    made = runpy.run_path(str(ROOT / "docs" / "check_blocks.py"))
    having = {page for page in PAGES if re.search(r"^```(sh|bash|console)$", page.read_text("utf-8"), re.M)}
    assert having == set(made["pages"]())
    executed, changed = zip(*map(made["script"], made["pages"]()), strict=True)
    used = {entry.written for entries in changed for entry in entries}
    assert used == {entry.written for entry in made["INSTEAD"]}, "a command that no page has any longer"
    assert all(entry.why and entry.executed != entry.written for entry in made["INSTEAD"])
    run = [line for lines in executed for line in lines]
    # What is executed needs no network and no cluster: nothing that asks for one is forgotten in the list.
    assert not [line for line in run if re.search(r"EleutherAI|pythia|FOLDER|srun|\.\.\.$|:\d{4,5}\b", line)]
    assert not [line for line in run if re.search(r"taskscope train |taskscope\.training", line)]
    assert len([line for line in run if line.startswith("taskscope ")]) > 35


def test_the_files_given_to_the_docs_check_are_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    runpy.run_path(str(ROOT / "docs" / "offline.py"))["give_files"](tmp_path)
    assert len(files.load(tmp_path / "pairs.csv").items) > 40
    assert len(labelled_files.load(tmp_path / "reviews.csv").labels) == 2
    mine = pair_files.load_file(tmp_path / "mine.jsonl")
    assert [len(task.pairs) for task in mine] == [54, 60]
    hypothesis_files.read(tmp_path / "expected.csv").check(FEW)


def test_the_task_of_a_newcomer_is_fit_to_be_built_in() -> None:
    (written,) = re.findall(
        r"<<'JSON'\n(.*?)^JSON$", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.S | re.M
    )
    task = files.parse(written.encode(), PurePath("fruit-colour.json"))
    assert task.name == "fruit-colour" and registry.names(task.group)
    assert task.source and task.notes and task.majority_rate < 0.25


def test_there_are_commands_on_every_kind_of_page() -> None:
    having = {page.relative_to(ROOT).parts[0] for page, _ in CALLS}
    assert having >= {"README.md", "README.ja.md", "CONTRIBUTING.md", "docs"} and len(CALLS) > 40


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            found = (page.parent / target).resolve()
            assert found.exists(), f"{page.name} links to {target}"
            # The site holds nothing else, and is built with `--strict`.
            site = ROOT / "docs" if page.is_relative_to(ROOT / "docs") else ROOT
            assert found.is_relative_to(site), f"{page.name} links to {target}, which is not on the site"


def test_every_page_of_the_site_is_there() -> None:
    def files(entry: object) -> list[str]:
        if isinstance(entry, str):
            return [entry]
        parts = entry.values() if isinstance(entry, dict) else entry
        return [name for part in parts for name in files(part)]  # type: ignore[union-attr]

    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    named = files(site["nav"])
    assert len(named) == len(set(named))
    assert not [name for name in named if not (ROOT / "docs" / name).is_file()]
    written = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert written == set(named)


def test_the_reference_says_what_the_docstrings_say() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "reference_page.py"))["page"]()
    assert made == (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("page", "to"), [("README.md", " to "), ("README.ja.md", "〜")])
def test_the_table_of_accounts_names_the_claims_that_are_judged(page: str, to: str) -> None:
    rows = re.findall(r"^\| \[.*studies/(\w+)\.md\).*\| ([^|]+) \|$", (ROOT / page).read_text("utf-8"), re.M)
    told = {study.replace("_", "-"): _numbers(cell.replace("のうち", " of "), to) for study, cell in rows}
    assert told == {
        account.name: [claim.number for claim in account.claims if claim.implemented] for account in ACCOUNTS
    }


def _numbers(cell: str, to: str) -> list[str]:
    """Spell `1 to 4, 6 of 9` out."""
    listed = max(cell.split(" of "), key=lambda part: to in part)
    found = []
    for part in listed.split(", "):
        first, _, last = part.strip().partition(to)
        prefix = first.rstrip("0123456789")
        start = int(first.removeprefix(prefix))
        stop = int(last.removeprefix(prefix)) if last else start
        found += [f"{prefix}{n}" for n in range(start, stop + 1)]
    return found
