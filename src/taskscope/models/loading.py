"""Loading a causal language model: safetensors, no foreign code unless asked for, blocks checked at once."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from taskscope.errors import ModelError
from taskscope.models import folders, hub, selfcheck
from taskscope.models.blocks import locate
from taskscope.models.identity import Identity, identify, loading_options
from taskscope.models.language_model import LanguageModel
from taskscope.models.spec import ModelSpec, as_spec
from taskscope.models.tokenization import load_tokenizer

DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
    "float64": torch.float64,
}


def load(spec: ModelSpec | str, **changes: Any) -> LanguageModel:
    """Load a causal language model and check that its blocks can be read and edited.

    Args:
        spec: A built-in name, local folder or Hugging Face id, or a whole `ModelSpec`.
        changes: Fields of `ModelSpec`, e.g. ``dtype="bfloat16"``.

    Raises:
        ModelError: If the model cannot be found, is no causal decoder, has no safe weights, or fails the
            checks of `taskscope.models.selfcheck.at_load`.
    """
    spec = as_spec(spec, **changes)
    found = identify(spec)
    device = resolve_device(spec)
    options = loading_options(found, spec)
    with _quiet():
        config = _config(found, spec, options)
        tokenizer = load_tokenizer(found.tokenizer, options)
        hf = _network(found, spec, options | {"config": config})
    if spec.device_map is None:
        hf = hf.to(device)
    hf.eval().requires_grad_(False)
    anatomy = locate(hf, spec.blocks)
    route = selfcheck.at_load(hf, anatomy)
    return LanguageModel(
        hf, tokenizer, spec, anatomy, id=found.id, label=found.label, route=route, tokens=found.tokens
    )


def resolve_device(spec: ModelSpec) -> torch.device:
    """Return the device that a spec means.

    Raises:
        ModelError: If it is unknown or not there, or `device_map` is used without accelerate.
    """
    if spec.device_map is not None and importlib.util.find_spec("accelerate") is None:
        raise ModelError(
            f"device_map={spec.device_map!r} needs the package accelerate",
            "accelerate installed, or one device",
            "`pip install accelerate`",
        )
    if spec.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(spec.device)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"device {spec.device!r} cannot be used: {reason}", "cpu, cuda, or auto") from None
    return device


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what transformers says while loading (progress, generation defaults); we raise instead."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _config(found: Identity, spec: ModelSpec, options: dict[str, Any]) -> Any:
    """Read the config and refuse what is no causal decoder before its weights are read."""
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

    try:
        config = AutoConfig.from_pretrained(found.source, **options)
    except Exception as error:  # unknown types, malformed fields, foreign code: transformers' words say which
        raise _not_loadable(found, error) from error
    if getattr(config, "is_encoder_decoder", False):
        raise folders.encoder_decoder(found.source)
    foreign = spec.trust_remote_code and "AutoModelForCausalLM" in (getattr(config, "auto_map", None) or {})
    if not foreign and type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        raise _not_causal(found, config)
    masked = any(name.endswith("ForMaskedLM") for name in config.architectures or ())
    if masked and not getattr(config, "is_decoder", False):
        raise _not_causal(found, config)
    return config


def _network(found: Identity, spec: ModelSpec, options: dict[str, Any]) -> Any:
    """Read the weights; a class without sdpa runs eager."""
    from transformers import AutoModelForCausalLM

    options = options | {
        "dtype": DTYPES[spec.dtype],
        "use_safetensors": _use_safetensors(found, spec),
        "output_loading_info": True,
    }
    if spec.device_map is not None:
        options["device_map"] = spec.device_map
    for attention in dict.fromkeys((spec.attention, "eager")):
        try:
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                found.source, attn_implementation=attention, **options
            )
        except Exception as error:  # transformers raises its own for every kind of damage
            if attention == "sdpa" and isinstance(error, ValueError) and "scaled_dot_product" in str(error):
                continue
            raise _not_loadable(found, error) from error
        hf, report = loaded
        _complete(found, report)
        return hf
    raise AssertionError("eager attention is always tried last")


def _use_safetensors(found: Identity, spec: ModelSpec) -> bool:
    """Pickled weights are read only when allowed, and only where there are no others."""
    if not spec.allow_pickle:
        return True
    if found.folder is not None:
        return all(path.suffix == ".safetensors" for path in folders.weights(found.folder, pickled=True))
    return not hub.has_pickled_weights(found.source, found.commit or "main")


def _complete(found: Identity, report: dict[str, Any]) -> None:
    """Refuse weights that transformers would have filled in at random."""
    missing = sorted(report["missing_keys"])
    mismatched = sorted(str(entry[0]) for entry in report["mismatched_keys"])
    if not missing and not mismatched:
        return
    wrong = ", ".join([*missing, *mismatched][:4])
    raise ModelError(
        f"{len(missing)} tensors are missing from the weights of {found.source!r} and {len(mismatched)} "
        f"are of another shape: {wrong}",
        "every weight of the model; what is missing would be random numbers",
        "check that config.json and the weights belong together",
    )


def _not_causal(found: Identity, config: Any) -> ModelError:
    kind = ", ".join(config.architectures or ()) or type(config).__name__
    return ModelError(
        f"{found.source!r} ({kind}) is not a causal language model that transformers can load",
        "a decoder that predicts the next token",
        "models with code of their own need --trust-remote-code, which runs that code",
    )


def _not_loadable(found: Identity, error: Exception) -> ModelError:
    """Turn an error of transformers into one that says what to do."""
    text = str(error).strip()
    if isinstance(error, torch.OutOfMemoryError):
        return ModelError(
            f"{found.label} does not fit on the device",
            "enough memory for its weights",
            "use --dtype bfloat16, a smaller model, or --device-map auto",
        )
    pickled = isinstance(error, OSError) and "safetensors" in text and found.commit is not None
    if pickled and hub.has_pickled_weights(found.source, str(found.commit)):
        return folders.pickled_only(found.source)
    if "trust_remote_code" in text:
        return ModelError(
            f"{found.source!r} comes with Python code of its own",
            "a model that transformers knows",
            "read that code, then pass --trust-remote-code to run it",
        )
    return ModelError(
        f"{found.source!r} cannot be loaded: {text.splitlines()[0] if text else type(error).__name__}",
        "config, weights and tokenizer of one causal language model",
        "update transformers if the model type is newer than it",
    )
