"""A model on the Hugging Face hub: its commit and config, from the local cache first; without torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from taskscope import pico
from taskscope.errors import ModelError, nearest
from taskscope.models import folders


def snapshot(repo: str, revision: str | None) -> Path:
    """Return the cache folder of a repository at a revision; it holds config.json and is named by the commit.

    Only config.json is fetched, and only if the cache lacks it, so a run that has been made once needs no
    network and stays at its commit.

    Raises:
        ModelError: If the repository, its revision or its config.json do not exist, need a log-in, or cannot
            be reached.
    """
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        cached = try_to_load_from_cache(repo, "config.json", revision=revision)
        if isinstance(cached, str):
            return Path(cached).parent
        if not reachable():
            raise _offline(repo, _at(revision))
        return Path(hf_hub_download(repo, "config.json", revision=revision)).parent
    except HFValidationError:
        raise unknown(repo) from None
    except ModelError:
        raise
    except Exception as error:
        raise _explained(error, repo, revision) from error


def files(repo: str, patterns: Sequence[str]) -> Path:
    """Return the cache folder of a repository that holds its files of all these patterns, fetched if need be.

    What the cache holds is used as it is, so a run that has been made once needs no network.

    Raises:
        ModelError: If the repository does not exist, needs a log-in, or cannot be reached.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    wanted = list(patterns)
    try:
        try:
            cached = Path(snapshot_download(repo, allow_patterns=wanted, local_files_only=True))
            if all(any(cached.glob(pattern)) for pattern in wanted) and _all_shards(cached):
                return cached
        except LocalEntryNotFoundError:
            pass
        if not reachable():
            raise _offline(repo, "")
        return Path(snapshot_download(repo, allow_patterns=wanted))
    except HFValidationError:
        raise unknown(repo) from None
    except ModelError:
        raise
    except Exception as error:
        raise _explained(error, repo, None) from error


def _all_shards(folder: Path) -> bool:
    """Tell whether every file is there that an index of weights names; a download may have been cut off."""
    try:
        for index in folder.glob("*.index.json"):
            folders.shards(index)
    except ModelError:
        return False
    return True


def reachable() -> bool:
    """Ask the hub for a sign of life, once.

    Its client tries for half a minute before it gives a single file up, and loading asks for several files
    that need not exist. How long to wait is the client's own setting, HF_HUB_ETAG_TIMEOUT.
    """
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session

    if constants.HF_HUB_OFFLINE:
        return False
    try:
        get_session().head(constants.ENDPOINT, timeout=constants.HF_HUB_ETAG_TIMEOUT)
    except Exception:  # each line of the client has a network library of its own, with errors of its own
        return False
    return True


def unknown(name: str) -> ModelError:
    """Make the error for a name that means no model anywhere."""
    known = pico.names()
    listing = f"a built-in model ({', '.join(known)})" if known else "a built-in model"
    guess = nearest(name.rpartition("/")[2], known)
    return ModelError(
        f"no model is called {name!r}: it is not built in, there is no folder of that name here, and no "
        "Hugging Face repository that can be read",
        f"{listing}, the path of a folder, or an id such as EleutherAI/pythia-160m",
        guess
        or "if a folder was meant, check the path; if the repository is private, log in with `hf auth login`",
    )


def has_pickled_weights(repo: str, commit: str) -> bool:
    """Say whether a repository holds weights in the pickled format; False where that cannot be known."""
    from huggingface_hub import HfApi

    if not reachable():
        return False
    try:
        names = HfApi().list_repo_files(repo, revision=commit)
    except Exception:  # the question is asked while explaining another error, which must not be hidden
        return False
    return any(name in folders.PICKLED for name in names)


def n_parameters(repo: str, commit: str, config: dict[str, Any]) -> int:
    """Count parameters from the headers of the repository's safetensors, or estimate them from the config."""
    from huggingface_hub import HfApi

    if not reachable():
        return folders.estimate_parameters(config)
    try:
        return sum(HfApi().get_safetensors_metadata(repo, revision=commit).parameter_count.values())
    except Exception:  # no safetensors: a plan needs an order of magnitude and no more
        return folders.estimate_parameters(config)


def _explained(error: Exception, repo: str, revision: str | None) -> ModelError:
    """Turn an error of huggingface_hub into one that says what to do; narrower classes first."""
    from huggingface_hub import errors

    at = _at(revision)
    if isinstance(error, errors.GatedRepoError):
        return ModelError(
            f"{repo!r} is gated", "access granted on its page", "ask for it there, then `hf auth login`"
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return unknown(repo)
    if isinstance(error, errors.RevisionNotFoundError):
        return ModelError(
            f"{repo!r} has no revision {revision!r}", "a branch, tag or commit of the repository"
        )
    if isinstance(error, errors.LocalEntryNotFoundError | errors.OfflineModeIsEnabled):
        return _offline(repo, at)
    if isinstance(error, errors.EntryNotFoundError):
        return ModelError(
            f"{repo!r}{at} holds no config.json",
            "a model in the format of transformers",
            "repositories with GGUF or adapter files alone cannot be used",
        )
    return _offline(repo, at, f" ({type(error).__name__}: {error})")


def _at(revision: str | None) -> str:
    return f" at revision {revision!r}" if revision else ""


def _offline(repo: str, at: str, detail: str = "") -> ModelError:
    known = pico.names()
    built_in = f", or use a built-in model: {', '.join(known)}" if known else ""
    return ModelError(
        f"{repo!r}{at} is not in the local cache and the Hugging Face hub cannot be reached{detail}",
        "a network connection, or a model that has been downloaded before",
        f"`hf download {repo}` on a machine with a network and copy the folder here{built_in}",
    )
