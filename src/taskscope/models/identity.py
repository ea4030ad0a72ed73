"""Which model a name means, and the identity that a change of its weights changes; without torch.

A built-in model or local folder is identified by the sha256 of its contents, a Hugging Face id by its commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taskscope import pico
from taskscope.errors import ModelError, nearest
from taskscope.models import checkpoints, folders, hub
from taskscope.models.config import CONTEXT_NAMES, first_int, text_part
from taskscope.models.spec import ModelSpec
from taskscope.runs.cell import ModelRef

UNBOUNDED = 1 << 30
"""Context in tokens of a model whose config states none, as recurrent ones do."""


@dataclass(frozen=True)
class Identity:
    """What is known of a model before its weights are read."""

    id: str
    """``org/name@commit`` or ``name@sha256:...``."""
    label: str
    """What people call it in tables and legends."""
    n_blocks: int
    n_parameters: int
    """From the headers of the safetensors files, tied weights once; estimated where there are none."""
    context: int
    """Longest sequence in tokens, `UNBOUNDED` where the config states none."""
    folder: Path | None
    """Folder that holds the model; None for a Hugging Face id, which `source` and `commit` name."""
    source: str
    """What to load from: the folder, or the Hugging Face id."""
    commit: str | None
    """Commit of a Hugging Face id."""
    tokenizer: str
    """What to load the tokenizer from: as `source`, but for a checkpoint the folder of its model."""
    tokens: int | None = None
    """Training tokens read, where a folder says so."""
    body_parameters: int | None = None
    """Parameters without embeddings and output head; None where the weights were not at hand to count."""
    checkpoint_of: str | None = None
    """For a checkpoint, the name of the finished model."""


def identify(spec: ModelSpec) -> Identity:
    """Find the model that a spec names, without loading it.

    The name is taken for a built-in model first, then for a local folder, then for a Hugging Face id, whose
    commit is looked up in the local cache before the network is asked. Of a built-in model or local folder,
    ``name@step-N`` is a checkpoint.

    Raises:
        ModelError: If nothing of that name exists or can be reached, its config is unreadable, or a
            revision is asked of a folder.
    """
    built_in = _built_in(spec.name)
    folder = built_in or _checkpoint(spec.name) or folders.find(spec.name)
    if folder is not None and spec.revision is not None:
        raise ModelError(
            f"revision {spec.revision!r} was asked for, but {spec.name!r} is the folder {str(folder)!r}",
            "a revision with a Hugging Face id only",
        )
    if folder is not None:
        return _of_folder(spec, folder, spec.name if built_in else folder.name)
    return _of_hub(spec)


def loading_options(found: Identity, spec: ModelSpec) -> dict[str, Any]:
    """Choose what config, tokenizer and weights are all loaded with."""
    options: dict[str, Any] = {"trust_remote_code": spec.trust_remote_code}
    if found.commit is not None:
        options["revision"] = found.commit
        # A model in the cache must load without a network, and without waiting for one.
        options["local_files_only"] = not hub.reachable()
    return options


def _built_in(name: str) -> Path | None:
    """Return the folder of a built-in model or checkpoint; None where the name is of no built-in model."""
    found = pico.folder(name)
    model = name.partition("@")[0]
    if found is None and model in pico.names():
        kept = pico.checkpoints(model)
        raise ModelError(
            f"the built-in model {model} has no checkpoint {name!r}",
            f"one of {', '.join(kept)}" if kept else f"{model} alone: none of its checkpoints was kept",
            nearest(name, kept),
        )
    return found


def _checkpoint(name: str) -> Path | None:
    """Return the folder of ``FOLDER@step-N``, where there is such a checkpoint."""
    base, at, step = name.rpartition("@")
    whole = Path(base).absolute() if at and Path(base).is_dir() else None
    return None if whole is None else checkpoints.of(whole, step)


def reference(spec: ModelSpec) -> ModelRef:
    """Describe a model for a cell: its identity, and how any worker can load the same one.

    Raises:
        ModelError: As `identify`.
    """
    found = identify(spec)
    load = spec.model_dump(exclude_defaults=True) | {
        "name": spec.name if pico.folder(spec.name) else found.source
    }
    if found.commit is not None:
        load["revision"] = found.commit
    return ModelRef(id=found.id, label=found.label, dtype=spec.dtype, attention=spec.attention, load=load)


def _of_folder(spec: ModelSpec, folder: Path, label: str) -> Identity:
    config = folders.read_config(folder)
    depth = folders.n_blocks(config, str(folder))
    weights = folders.weights(folder, pickled=spec.allow_pickle)
    tokenizer, label = checkpoints.tokenizer_folder(folder), checkpoints.label(folder) or label
    content = folders.digest(folder, weights, tokenizer, code=spec.trust_remote_code)
    return Identity(
        id=f"{label}@sha256:{content}{_taken_apart(spec)}",
        label=label,
        n_blocks=depth,
        n_parameters=folders.n_parameters(weights, config),
        context=_context(config),
        folder=folder,
        source=str(folder),
        commit=None,
        tokenizer=str(tokenizer),
        tokens=checkpoints.tokens(folder),
        body_parameters=folders.n_body_parameters(weights),
        checkpoint_of=whole.name if (whole := checkpoints.parent(folder)) else None,
    )


def _of_hub(spec: ModelSpec) -> Identity:
    repo, revision = spec.hub_name()
    snapshot = hub.snapshot(repo, revision)
    config, commit = folders.read_config(snapshot), snapshot.name
    short = repo.rpartition("/")[2]
    try:
        weights = folders.weights(snapshot)
    except ModelError:  # not downloaded yet; whether there are any is for loading to say
        weights = None
    return Identity(
        id=f"{repo}@{commit}{_taken_apart(spec)}",
        label=short if revision in (None, "main") else f"{short}@{revision[:12]}",
        n_blocks=folders.n_blocks(config, repo),
        n_parameters=folders.n_parameters(weights, config)
        if weights
        else hub.n_parameters(repo, commit, config),
        context=_context(config),
        folder=None,
        source=repo,
        commit=commit,
        tokenizer=repo,
        body_parameters=folders.n_body_parameters(weights) if weights else None,
        checkpoint_of=None if revision in (None, "main") else short,
    )


def _context(config: Mapping[str, Any]) -> int:
    return first_int(text_part(config), CONTEXT_NAMES) or UNBOUNDED


def _taken_apart(spec: ModelSpec) -> str:
    """A block list named by hand changes what is measured, so it is part of the identity."""
    return f"#{spec.blocks}" if spec.blocks else ""
