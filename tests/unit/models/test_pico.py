from __future__ import annotations

from pathlib import Path

import pytest
from saved import save

from taskscope import pico
from taskscope.models.identity import identify, reference
from taskscope.models.spec import ModelSpec


@pytest.fixture
def shelves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two built-in models of our own making."""
    monkeypatch.setattr(pico, "_ROOT", tmp_path)
    for shelf, name in (("weights", "pico-s@100"), ("planted", "planted-a")):
        save(tmp_path / shelf / name)
        (tmp_path / shelf / name / "README.md").write_text(f"# {name}", encoding="utf-8")
    (tmp_path / "weights" / "notes").mkdir()
    return tmp_path


def test_built_in_models_are_the_folders_that_hold_one(shelves: Path) -> None:
    assert pico.names() == ["pico-s@100", "planted-a"]
    assert pico.folder("planted-a") == shelves / "planted" / "planted-a"
    assert pico.folder("notes") is None
    assert pico.card("pico-s@100") == "# pico-s@100"
    with pytest.raises(KeyError):
        pico.card("notes")


def test_a_built_in_name_wins_over_a_folder_of_that_name(
    shelves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "planted-a").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    found = identify(ModelSpec(name="planted-a"))
    assert found.folder == shelves / "planted" / "planted-a"
    assert found.label == "planted-a"
    # The name, not a path: a worker with another installation finds its own copy.
    assert reference(ModelSpec(name="planted-a")).load == {"name": "planted-a"}
