"""What a run says of the checkout it runs from, and what asking does to that checkout."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from taskscope.runs import provenance


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_asking_for_the_checkout_writes_nothing_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git refreshes its index on the way, under a lock that a killed run would leave behind."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("one = 1\n")
    who = ("-c", "user.name=n", "-c", "user.email=n@example.org")
    for command in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "One")):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True, capture_output=True)
    os.utime(package / "__init__.py", (1, 1))  # the index no longer knows it to be unchanged
    index = (tmp_path / ".git" / "index").read_bytes()
    monkeypatch.setattr(provenance, "__file__", str(package / "runs" / "provenance.py"))
    told = provenance._checkout()
    assert told is not None and len(told["commit"]) == 40 and told["changed"] is False
    assert (tmp_path / ".git" / "index").read_bytes() == index
    (package / "__init__.py").write_text("one = 2\n")
    told = provenance._checkout()
    assert told is not None and told["changed"] is True
