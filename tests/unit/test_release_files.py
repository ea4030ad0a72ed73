"""What a release promises beside its code: who is cited, which licence a model has, one version overall."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import taskscope
from taskscope import pico
from taskscope.studies.catalogue import ACCOUNTS

ROOT = Path(__file__).parents[2]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_the_citation_names_every_paper_of_every_account() -> None:
    cited = {(entry["url"].rpartition("/")[2], entry["notes"]) for entry in CITATION["references"]}
    named = {
        (re.search(r"arXiv (\d{4}\.\d{5})", paper)[1], f"study {account.name}")  # type: ignore[index]
        for account in ACCOUNTS
        for paper in account.papers
    }
    assert cited == named
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"https://arxiv.org/abs/{number}" in readme for number, _ in cited)


def test_one_version_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert project["version"] == taskscope.__version__ == CITATION["version"]
    assert re.search(r"^## (\S+?)[,\s]", changes, re.MULTILINE)[1] == taskscope.__version__  # type: ignore[index]


@pytest.mark.parametrize("name", pico.names())
def test_every_model_states_the_licence_of_its_folder(name: str) -> None:
    folder = pico.folder(name)
    assert folder is not None
    card = yaml.safe_load((folder / "README.md").read_text(encoding="utf-8").split("---")[1])
    told = (ROOT / "src" / "taskscope" / "pico" / "LICENSES.md").read_text(encoding="utf-8")
    line = next(line for line in told.splitlines() if f"`{folder.parent.name}/`" in line)
    assert card["license"].lower() == line.split("|")[2].strip().lower()
