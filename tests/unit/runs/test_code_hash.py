"""The code hash follows what measuring imports, and nothing more."""

import sys
from pathlib import Path

import pytest

from taskscope.runs.sources import code_hash

FILES = {
    "lab/__init__.py": "VERSION = 1\nfrom lab.study import figures\nfrom lab.kept import tool as given\n",
    "lab/kept.py": "",
    "lab/study/__init__.py": "",
    "lab/study/measure.py": (
        "import os\nfrom lab.forward import run\nfrom . import near\n\n"
        "def measure(c, m):\n    import lab.late\n"
    ),
    "lab/study/near.py": "from ..deep.core import x\n",
    "lab/study/figures.py": "",
    "lab/forward.py": "raise RuntimeError('a hash imports nothing')\n",
    "lab/late.py": "from lab import given, VERSION\n",
    "lab/deep/__init__.py": "",
    "lab/deep/core.py": "from lab.study import measure  # a circle\n",
    "lab/broken.py": "def (\n",
}


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def _hash() -> str:
    code_hash.cache_clear()
    return code_hash("lab.study.measure:measure")


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("lab/study/measure.py", True),
        ("lab/forward.py", True),
        ("lab/late.py", True),
        ("lab/kept.py", True),
        ("lab/study/near.py", True),
        ("lab/deep/core.py", True),
        ("lab/deep/__init__.py", True),
        ("lab/study/__init__.py", True),
        ("lab/study/figures.py", False),
        ("lab/__init__.py", False),
        ("lab/broken.py", False),
    ],
)
def test_what_counts(lab: Path, changed: str, counts: bool) -> None:
    before = _hash()
    assert _hash() == before
    with (lab / changed).open("a") as file:
        file.write("# changed\n")
    assert (_hash() != before) == counts
    assert not any(name.partition(".")[0] == "lab" for name in sys.modules)


MEASURES = ("task_vectors.measure", "structured_tasks.spoken.measure", "inverse_scaling.measure")


@pytest.mark.parametrize("module", ["loading", "tokenization", "selfcheck", "checkpoints"])
@pytest.mark.parametrize("measure", MEASURES)
def test_what_loads_a_model_counts(measure: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = f"taskscope.studies.{measure}:measure"
    code_hash.cache_clear()
    before, read = code_hash(found), Path.read_bytes
    more = lambda path: read(path) + b"# changed" * path.match(f"taskscope/models/{module}.py")  # noqa: E731
    monkeypatch.setattr(Path, "read_bytes", more)
    code_hash.cache_clear()
    assert code_hash(found) != before
    code_hash.cache_clear()


def test_code_that_cannot_be_read_still_has_a_hash(lab: Path) -> None:
    assert code_hash("lab.broken:measure") != code_hash("lab.nowhere:measure")
    assert code_hash("no_such_package.x:y") == code_hash("builtins:y")
