from __future__ import annotations

from pathlib import Path

import pytest
from saved import save

from taskscope import pico
from taskscope.errors import ModelError
from taskscope.models.identity import identify, reference
from taskscope.models.spec import ModelSpec


@pytest.fixture
def shelves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built-in model of our own making on every shelf."""
    monkeypatch.setattr(pico, "_ROOT", tmp_path)
    for shelf, name in (("weights", "pico-s"), ("continued", "pico-s-icl"), ("planted", "planted-a")):
        save(tmp_path / shelf / name)
        (tmp_path / shelf / name / "README.md").write_text(f"# {name}", encoding="utf-8")
    for step in ("step-200", "step-25"):
        save(tmp_path / "weights" / "pico-s" / "checkpoints" / step)
    (tmp_path / "weights" / "notes").mkdir()
    return tmp_path


def test_built_in_models_are_the_folders_that_hold_one(shelves: Path) -> None:
    assert pico.names() == ["pico-s", "pico-s-icl", "planted-a"]
    assert [pico.names("weights"), pico.names("planted")] == [["pico-s"], ["planted-a"]]
    assert pico.names("continued") == ["pico-s-icl"]
    assert pico.folder("planted-a") == shelves / "planted" / "planted-a"
    assert pico.folder("notes") is None


def test_a_checkpoint_is_called_by_its_step(shelves: Path) -> None:
    kept = shelves / "weights" / "pico-s" / "checkpoints"
    assert pico.checkpoints("pico-s") == ["pico-s@step-25", "pico-s@step-200"]
    assert pico.checkpoints("planted-a") == []
    assert pico.folder("pico-s@step-25") == kept / "step-25"
    assert [pico.folder(f"pico-s@{other}") for other in ("25", "step25", "step-26", "main")] == [None] * 4
    found = identify(ModelSpec(name="pico-s@step-200"))
    assert (found.folder, found.label) == (kept / "step-200", "pico-s at step 200")
    assert reference(ModelSpec(name="pico-s@step-200")).load == {"name": "pico-s@step-200"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("pico-s@step-20", "one of pico-s@step-25, pico-s@step-200"), ("planted-a@step-1", "planted-a alone")],
)
def test_a_checkpoint_that_was_not_kept_is_named_with_those_that_were(
    shelves: Path, name: str, expected: str
) -> None:
    with pytest.raises(ModelError, match=expected):
        identify(ModelSpec(name=name))


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
