"""Plain-text sources: folders of .txt files, or .tar.xz archives of such folders, read as a stream."""

from __future__ import annotations

import hashlib
import lzma
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from taskscope.errors import TaskError, nearest
from taskscope.tasks import paragraphs
from taskscope.tasks.archive_members import check_names

Layout = Literal["file", "articles", "lines"]
"""What a file holds: a document, articles apart by two empty lines, or a document of one-line paragraphs."""

BUNDLED = paragraphs.FOLDER
"""Sources that come with the package: a few paragraphs of our own, for the miniature."""

_LARGEST = 64 * 2**20
_NOT_TEXT = frozenset({"SOURCE", "README", "LICENSE"})


class Source(BaseModel):
    """One source of natural text, as a recipe names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Name of the folder, or of the archive without .tar.xz."""
    title: str
    licence: str
    layout: Layout = "file"
    filters: tuple[str, ...] = ()
    """Filters of `taskscope.training.corpus.cleaning` beyond those that every source passes."""
    keep: float = Field(default=1.0, gt=0, le=1)
    """Share of sections (articles, parts of books) that is kept, chosen by the hash of their names."""


def open_source(folder: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield the text files of a source as (name inside the source, bytes), folders in sorted order.

    Archives are read as a stream, in their own order; nothing is unpacked to disk, links are skipped.

    Raises:
        TaskError: If the folder holds neither ``name`` nor ``name.tar.xz``, or the archive is damaged or
            has a member that points outside.
    """
    path = find_source(folder, name)
    yield from _folder(path) if path.is_dir() else _archive(path)


def find_source(folder: Path, name: str) -> Path:
    """Return where a source is: its folder, or its archive.

    Raises:
        TaskError: If there is neither ``name`` nor ``name.tar.xz``, or no such folder at all.
    """
    folder = Path(folder)
    if not folder.is_dir():
        beside = sorted(p.name for p in folder.parent.glob("*") if p.is_dir())
        raise TaskError(
            f"{str(folder)!r} is not a folder",
            "the folder of the sources, or of a corpus built from them",
            nearest(folder.name, beside),
        )
    for path in (folder / name, folder / f"{name}.tar.xz"):
        if path.is_dir() or (path.suffix == ".xz" and path.is_file()):
            return path
    known = sorted(p.name.removesuffix(".tar.xz") for p in folder.glob("*"))
    raise TaskError(
        f"no source {name!r} in {folder}", f"a folder {name} or {name}.tar.xz", nearest(name, known)
    )


def source_hash(folder: Path, name: str) -> str:
    """Sha256 of a source: of its archive, or of the names and contents of the text files of its folder.

    Raises:
        TaskError: If there is no such source.
    """
    path = find_source(folder, name)
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for inside, raw in open_source(folder, name):
        digest.update(f"{inside}\0{len(raw)}\0".encode() + raw)
    return digest.hexdigest()


def _is_text(path: PurePosixPath) -> bool:
    return path.suffix == ".txt" and path.stem not in _NOT_TEXT


def _folder(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*.txt")):
        inside = PurePosixPath(path.relative_to(root).as_posix())
        if path.is_file() and not path.is_symlink() and _is_text(inside):
            _check_size(str(path), path.stat().st_size)
            yield str(inside), path.read_bytes()


def _archive(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(path, "r|xz") as archive:
            for member in archive:
                check_names([member.name], path)
                inside = PurePosixPath(member.name)
                if not member.isfile() or not _is_text(inside):
                    continue
                _check_size(f"{member.name} in {path}", member.size)
                file = archive.extractfile(member)
                assert file is not None  # a regular file always has contents
                yield str(PurePosixPath(*inside.parts[1:])), file.read()
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise TaskError(
            f"{path} cannot be read: {error}", "a whole .tar.xz archive", "copying it again"
        ) from None


def _check_size(what: str, size: int) -> None:
    if size > _LARGEST:
        raise TaskError(f"{what} has {size / 2**20:.0f} MiB", "text files of at most 64 MiB", "splitting it")
