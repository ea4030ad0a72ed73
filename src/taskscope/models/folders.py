"""A model as a folder of files: where it is, what it holds, and a digest of its contents; without torch."""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from taskscope.errors import ModelError
from taskscope.models.config import DEPTH_NAMES, PATTERN_NAMES, WIDTH_NAMES, first_int, text_part

SAFE = ("model.safetensors", "model.safetensors.index.json")
PICKLED = ("pytorch_model.bin", "pytorch_model.bin.index.json")
"""Names under which a model keeps its weights: in one file, or as an index of shards."""
_TOKENIZER = re.compile(
    r"(tokenizer.*|vocab.*|merges\.txt|spiece\.model|.*_tokens(_map)?\.json|.*\.tiktoken)"
)
_NOT_PARAMETERS = re.compile(r"(inv_freq|masked_bias|(attn|attention)\.bias)$")
_HEADS = re.compile(r"(^|\.)(lm_head|embed_out|output_layer)\.weight$")
_EMBEDDINGS = re.compile(
    r"(^|\.)(embed_tokens|embed_in|embed_positions|word_embeddings|word_embedding|wte|wpe|embeddings?)\.weight$"
)

_digests: dict[tuple[str, int, int], str] = {}


def find(name: str) -> Path | None:
    """Return the folder that a name means: one with a config.json, or the snapshot of a hub cache folder.

    Raises:
        ModelError: If the name is a path (absolute, or starting with a dot or ``~``) to no model folder.
    """
    path = Path(name).expanduser()
    written_as_path = name.startswith((".", "~")) or path.is_absolute()
    if not path.is_dir():
        if written_as_path or path.is_file():
            raise ModelError(
                f"there is no folder {name!r}", "the folder of a model, with config.json and weights"
            )
        return None
    path = _snapshot(path) or path
    if (path / "config.json").is_file():
        return path.absolute()
    raise ModelError(
        f"the folder {name!r} holds no config.json",
        "a folder as written by `save_pretrained`: config.json, model.safetensors, tokenizer.json",
        "if a model of that name on the Hugging Face hub is meant, run from another folder",
    )


def _snapshot(path: Path) -> Path | None:
    """Return the snapshot to use of a folder laid out like the hub's cache: refs/main, snapshots/<commit>."""
    main = path / "refs" / "main"
    if main.is_file():
        return path / "snapshots" / Path(main.read_text(encoding="utf-8", errors="replace").strip()).name
    snapshots = list((path / "snapshots").glob("*/config.json"))
    return snapshots[0].parent if len(snapshots) == 1 else None


def read_config(folder: Path) -> dict[str, Any]:
    """Read a folder's config.json.

    Raises:
        ModelError: If it is not a JSON object.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{folder / 'config.json'} cannot be read: {error}", "a JSON object") from None
    if not isinstance(config, dict):
        raise ModelError(f"{folder / 'config.json'} is not a JSON object", "the config of one model")
    return config


def weights(folder: Path, *, pickled: bool = False) -> list[Path]:
    """List the weight files of a model folder, every shard of a sharded one.

    Args:
        folder: The model's folder.
        pickled: Whether pickled weights will do where there are no safetensors.

    Raises:
        ModelError: If there are no weights, only pickled ones that were not allowed, or shards are missing.
    """
    for names in (SAFE, PICKLED) if pickled else (SAFE,):
        for name in names:
            if (folder / name).is_file():
                return shards(folder / name) if name.endswith(".json") else [folder / name]
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt")) or any(folder.glob("*.pth")):
        raise pickled_only(str(folder))
    raise ModelError(
        f"the folder {str(folder)!r} holds a config.json but no weights",
        f"{SAFE[0]}, or {SAFE[1]} and the shards it lists",
        "copy the weights there, or save the model again with `save_pretrained`",
    )


def pickled_only(name: str) -> ModelError:
    """Make the error for a model that has pickled weights alone."""
    return ModelError(
        f"{name!r} has only pickled weights, and unpickling can run any code",
        "weights in safetensors",
        "convert them (load elsewhere, then `save_pretrained`), or pass --allow-pickle, which reads tensors "
        "and nothing else (torch.load with weights_only=True)",
    )


def shards(index: Path) -> list[Path]:
    """Return the files that an index of weights names, all of them beside it.

    Raises:
        ModelError: If the index cannot be read, names files elsewhere, or files are missing.
    """
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        outside = [name for name in names if Path(name).is_absolute() or ".." in Path(name).parts]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{index} cannot be read: {error!r}", "an index with a weight_map") from None
    if outside:
        raise ModelError(f"{index} names {outside[0]!r}", "weights inside the model's folder")
    missing = [name for name in names if not (index.parent / name).is_file()]
    if missing:
        raise ModelError(
            f"{len(missing)} of {len(names)} weight files are missing from {str(index.parent)!r}: "
            + ", ".join(missing[:4]),
            "every file that the index lists",
            "download them again",
        )
    return [index.parent / name for name in names]


def digest(folder: Path, weight_files: Iterable[Path], tokenizer: Path, *, code: bool) -> str:
    """Return the sha256 of a model's contents: config, weights, tokenizer and, where it is run, its code.

    `tokenizer` is the folder of its tokenizer. Names and digests of the files are hashed, so moving a folder
    changes nothing. Digests of files are kept in memory by path, size and time of change.
    """
    kept = [path for path in tokenizer.iterdir() if path.is_file() and _TOKENIZER.fullmatch(path.name)]
    kept += [folder / "config.json", *weight_files]
    kept += list(folder.glob("*.py")) if code else []
    listing = "".join(f"{path.name} {_file_digest(path)}\n" for path in sorted(set(kept)))
    return hashlib.sha256(listing.encode()).hexdigest()


def _file_digest(path: Path) -> str:
    status = os.stat(path)
    key = (str(path.resolve()), status.st_size, status.st_mtime_ns)
    if key not in _digests:
        with path.open("rb") as file:
            _digests[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return _digests[key]


def n_blocks(config: Mapping[str, Any], name: str) -> int:
    """Return the number of blocks that a config states.

    Raises:
        ModelError: If it states none, or describes a model that is no decoder.
    """
    if config.get("is_encoder_decoder"):
        raise encoder_decoder(name)
    part = text_part(config)
    patterns = (part[name] for name in PATTERN_NAMES if isinstance(part.get(name), list | str))
    depth = first_int(part, DEPTH_NAMES) or len(next(patterns, ()))
    if not depth:
        raise ModelError(
            f"the config.json of {name!r} states no number of blocks", "one of " + ", ".join(DEPTH_NAMES)
        )
    return depth


def encoder_decoder(name: str) -> ModelError:
    """Make the error for an encoder-decoder model."""
    return ModelError(
        f"{name!r} is an encoder-decoder model",
        "a decoder alone (a causal language model), in which prompt and answer share one residual",
    )


def n_parameters(weight_files: Iterable[Path], config: Mapping[str, Any]) -> int:
    """Count parameters from the headers of safetensors files, an output head tied to the embeddings once.

    Without safetensors the count is an estimate from the config.

    Raises:
        ModelError: If a header cannot be read.
    """
    shapes: dict[str, list[int]] = {}
    for path in weight_files:
        if path.suffix != ".safetensors":
            return estimate_parameters(config)
        shapes |= _shapes(path)
    tied = config.get("tie_word_embeddings", True)
    return sum(
        _product(shape)
        for name, shape in shapes.items()
        if not _is_buffer(name, shape) and not (tied and _HEADS.search(name))
    )


def n_body_parameters(weight_files: Iterable[Path]) -> int | None:
    """Count parameters that are neither embeddings nor the output head; None without safetensors.

    Raises:
        ModelError: If a header cannot be read.
    """
    shapes: dict[str, list[int]] = {}
    for path in weight_files:
        if path.suffix != ".safetensors":
            return None
        shapes |= _shapes(path)
    return sum(
        _product(shape)
        for name, shape in shapes.items()
        if not (_is_buffer(name, shape) or _HEADS.search(name) or _EMBEDDINGS.search(name))
    )


def _is_buffer(name: str, shape: list[int]) -> bool:
    """Older files hold causal masks and rotary frequencies beside the parameters."""
    return bool(_NOT_PARAMETERS.search(name)) and (len(shape) != 1 or name.endswith("inv_freq"))


def _product(shape: Iterable[int]) -> int:
    product = 1
    for size in shape:
        product *= size
    return product


def _shapes(path: Path) -> dict[str, list[int]]:
    """Read the shape of every tensor from a safetensors header: 8 bytes of length, then JSON."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > path.stat().st_size:
                raise ValueError("its header is longer than the file")
            header = json.loads(file.read(length))
        return {name: _shape(tensor) for name, tensor in header.items() if name != "__metadata__"}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error, RecursionError) as error:
        raise ModelError(
            f"{path} is not a readable safetensors file: {error}",
            "a whole file",
            "download it again; a pointer left by git-lfs is a few lines of text",
        ) from None


def _shape(tensor: Mapping[str, Any]) -> list[int]:
    shape = tensor["shape"]
    if not isinstance(shape, list) or not all(isinstance(size, int) and size >= 0 for size in shape):
        raise ValueError(f"{shape!r} is no shape")
    return shape


def estimate_parameters(config: Mapping[str, Any]) -> int:
    """Estimate the parameters of a dense decoder: embeddings, and 12 d_model^2 per block."""
    part = text_part(config)
    width = first_int(part, WIDTH_NAMES) or 0
    depth = first_int(part, DEPTH_NAMES) or 0
    vocabulary = first_int(part, ("vocab_size",)) or first_int(config, ("vocab_size",)) or 0
    return vocabulary * width + 12 * depth * width**2
