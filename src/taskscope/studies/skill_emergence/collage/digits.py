"""Images of digits: scikit-learn's, which come along, or MNIST and its like from a folder.

A folder holds IDX files (``train-images-idx3-ubyte`` with its ``train-labels-idx1-ubyte``, any prefix,
perhaps with ``.gz``), or one ``.npz`` file with arrays of images and labels (``x_train`` and ``y_train``,
``x_test`` and ``y_test``, or ``images`` and ``labels``). Pictures, a file for each digit, are not read:
no dependency of the package can.
"""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from collections.abc import Iterator
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from taskscope.errors import StudyError
from taskscope.runs.cell import TaskRef

Array = np.ndarray

CLASSES = 10
NAME = "digits"
_IMAGES, _LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
_PAIRS = (("x_train", "y_train"), ("x_test", "y_test"), ("images", "labels"))
_FEWEST, _MOST = 50, 20_000
"""Images of each digit that are enough; images of a folder that are used, of each file the first ones."""
_PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
_LOOKED_AT = 10_000
"""Names in a folder without digits that are looked at for pictures, which are often tens of thousands."""
_EXPECTED = (
    "a folder with IDX files (train-images-idx3-ubyte and train-labels-idx1-ubyte, perhaps .gz), or one .npz "
    "with x_train and y_train, or images and labels: square grey images of digits, labels from 0 to 9"
)


def reference(folder: str) -> TaskRef:
    """Name a folder of digits and what is in it.

    Raises:
        StudyError: If it holds none.
    """
    load(folder)  # whether it can be read is to be known now
    content = hashlib.sha256()
    for path in _files(Path(folder)):
        content.update(path.read_bytes())
    return TaskRef(name=NAME, fingerprint=content.hexdigest(), source=folder)


def load(folder: str) -> tuple[Array, Array]:
    """Return images float32 (digit, side, side) from 0 to 1, and classes int64 (digit,).

    Args:
        folder: Where they are; empty for scikit-learn's.

    Raises:
        StudyError: If the folder holds no digits that can be used.
    """
    if not folder:
        return _bundled()
    try:
        parts = list(_read(Path(folder)))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise StudyError(f"{folder}: {error}", _EXPECTED) from error
    if not parts:
        raise _without(Path(folder))
    images, classes = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
    counts = np.bincount(classes, minlength=CLASSES)
    if len(counts) > CLASSES or counts.min() < _FEWEST:
        raise StudyError(
            f"{folder} with {counts.min()} images of digit {counts.argmin()}, labels up to {classes.max()}",
            f"at least {_FEWEST} images of every digit from 0 to 9",
        )
    return images, classes


@cache
def _bundled() -> tuple[Array, Array]:
    """Return scikit-learn's digits, which are read from text, once for all trainings."""
    from sklearn.datasets import load_digits  # slow to import, and planning needs no digits

    digits: Any = load_digits()
    images, classes = (digits.images / 16).astype(np.float32), digits.target
    for shared in (images, classes):
        shared.flags.writeable = False
    return images, classes


def _without(folder: Path) -> StudyError:
    """Say what a folder without digits holds instead, if it is pictures, perhaps in folders by class."""
    names = chain.from_iterable(folder.glob(depth) for depth in ("*", "*/*", "*/*/*"))
    picture = next((p for p in islice(names, _LOOKED_AT) if p.suffix.lower() in _PICTURES), None)
    if picture is None:
        return StudyError(f"{folder} without digits", _EXPECTED)
    return StudyError(
        f"{folder} with single pictures, such as {picture.relative_to(folder)}",
        _EXPECTED,
        "put them into one file: np.savez('digits.npz', images=..., labels=...)",
    )


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise StudyError(f"no folder {str(folder)!r}", _EXPECTED)
    return sorted(p for p in folder.iterdir() if _IMAGES in p.name or _LABELS in p.name or p.suffix == ".npz")


def _read(folder: Path) -> Iterator[tuple[Array, Array]]:
    files = _files(folder)
    images = [path for path in files if _IMAGES in path.name]
    for path in images:
        labels = path.with_name(path.name.replace(_IMAGES, _LABELS))
        yield _checked(_idx(path, 3), _idx(labels, 1), _MOST // len(images))
    for path in files if not images else ():
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as found:
                pairs = [pair for pair in _PAIRS if set(pair) <= set(found.files)]
                for one, other in pairs:
                    yield _checked(found[one], found[other], _MOST // len(pairs))


def _idx(path: Path, axes: int) -> Array:
    """Read an IDX file of bytes: two zeros, the kind, the number of axes, their lengths, the values."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if content[:4] != bytes([0, 0, 8, axes]):
        raise ValueError(f"{path.name} does not begin as an IDX file of bytes with {axes} axes")
    shape = np.frombuffer(content, ">u4", axes, offset=4).astype(int)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    if len(values) != shape.prod():
        raise ValueError(f"{path.name} holds {len(values)} bytes, its head says {shape.prod()}")
    return values.reshape(shape)


def _checked(images: Array, labels: Array, most: int) -> tuple[Array, Array]:
    if images.ndim != 3 or images.shape[1] != images.shape[2] or len(images) != len(labels):
        raise ValueError(f"images of shape {images.shape} with labels of shape {labels.shape}")
    if images.shape[1] % 2 or not np.isfinite(images).all() or images.min() < 0:
        raise ValueError("images whose side is odd, or whose brightness is negative or no number")
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0:
        raise ValueError(f"labels of type {labels.dtype} from {labels.min()}")
    highest = 255.0 if images.dtype == np.uint8 else max(float(images.max()), 1e-9)
    return (images[:most] / highest).astype(np.float32), labels[:most].astype(np.int64)
