"""The docs: every command in them parses, every page of the site is there, docstrings make the reference."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import click
import pytest
import typer
import yaml

from taskscope.cli.main import app
from taskscope.studies.registry import ACCOUNTS

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "README.ja.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
GROUP = typer.main.get_command(app)


def commands(page: Path) -> list[str]:
    """Lines of shell blocks that call taskscope, joined where a line goes on."""
    text = page.read_text(encoding="utf-8")
    found = []
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


def test_there_are_commands_on_every_kind_of_page() -> None:
    having = {page.relative_to(ROOT).parts[0] for page, _ in CALLS}
    assert having >= {"README.md", "README.ja.md", "CONTRIBUTING.md", "docs"} and len(CALLS) > 40


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


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
    written = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs" / "how_to").iterdir()}
    assert written <= set(named)


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
