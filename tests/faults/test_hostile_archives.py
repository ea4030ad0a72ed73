"""Archives with evil members: refused, never unpacked, and bounded in memory."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hostile_files import CHOICES, fuzz, spoiled
from hypothesis import given
from hypothesis import strategies as st

from taskscope.errors import TaskError, TaskscopeError
from taskscope.tasks import choice_files
from taskscope.training.corpus.sources import open_source


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@fuzz
@given(st.data())
def test_archives(tmp_path: Path, data: st.DataObject) -> None:
    whole = zipped(tmp_path / "whole.zip", {"part-1.jsonl": CHOICES, "part-2.jsonl": CHOICES}).read_bytes()
    path = tmp_path / "x.zip"
    path.write_bytes(data.draw(spoiled(whole)))
    try:
        choice_files.load(path)
    except TaskscopeError as error:
        assert error.given


def test_an_archive_whose_member_has_another_name_inside_is_refused(tmp_path: Path) -> None:
    """The name in front of a member says that it is UTF-8 and is not; the directory has the right one."""
    path = zipped(tmp_path / "x.zip", {"pärt-1.jsonl": CHOICES})
    path.write_bytes(path.read_bytes().replace("ä".encode(), b"\xdd\x28", 1))
    with pytest.raises(TaskError, match="cannot be read"):
        choice_files.load(path)


OUTSIDE = ["../outside", "/tmp/outside", "a/../../outside", "..\\outside", "C:\\outside", "a/../b"]


@pytest.mark.parametrize("member", OUTSIDE)
def test_an_archive_whose_member_points_outside_is_refused(tmp_path: Path, member: str) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    path = zipped(folder / "x.zip", {"part-1.jsonl": CHOICES, f"{member}.jsonl": CHOICES})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(TaskError, match="points outside"):
        choice_files.load(path)
    assert sorted(tmp_path.rglob("*")) == before
    assert not Path("/tmp/outside.jsonl").exists()


@pytest.mark.parametrize("member", OUTSIDE)
def test_an_archive_of_texts_whose_member_points_outside_is_refused(tmp_path: Path, member: str) -> None:
    with tarfile.open(tmp_path / "texts.tar.xz", "w:xz") as archive:
        for name in ("texts/fine.txt", f"{member}.txt"):
            header = tarfile.TarInfo(name)
            header.size = 4
            archive.addfile(header, io.BytesIO(b"text"))
    with pytest.raises(TaskError, match="points outside"):
        list(open_source(tmp_path, "texts"))


def test_links_and_devices_in_an_archive_of_texts_are_not_followed(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "texts.tar.xz", "w:xz") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            header = tarfile.TarInfo(f"texts/{kind!r}.txt")
            header.type, header.linkname = kind, "/etc/passwd"
            archive.addfile(header)
    assert list(open_source(tmp_path, "texts")) == []


BOMB = """
import resource, sys
from taskscope.errors import TaskError
from taskscope.tasks import choice_files
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    choice_files.load(sys.argv[1])
except TaskError as error:
    print(error.given)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_small_archive_of_one_endless_line_is_refused_before_it_fills_the_memory(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(f"part-1.{suffix}", "w", force_zip64=True) as member,
    ):
        for _ in range(512):
            member.write(b"x" * 2**20)
    assert path.stat().st_size < 5 * 2**20
    told = subprocess.run(
        [sys.executable, "-c", BOMB, str(path)], capture_output=True, text=True, check=True, timeout=120
    )
    given, grown = told.stdout.splitlines()
    assert given.endswith("line 1: over 64 MiB.")
    assert int(grown) < 400, f"{grown} MiB for a line of half a gigabyte"
