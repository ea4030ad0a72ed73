"""The checks every model passes when loaded, and the choice of route (design numerics 1, protocol 6.12).

Five short forward passes on two prompts of unequal length: one that reads residuals, one that writes them
back and across (rows), one of the shorter prompt alone and one with the other behind it, as the model runs
them by itself, and one that does the writing packed with a mask of its own (branches).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from taskscope.errors import ModelError
from taskscope.models.batching import Limits, Route
from taskscope.models.branching import Branch, Tree
from taskscope.models.comparison import (
    largest_difference,
    plain_logprobs,
    rounding,
    sample_prompts,
    spread_targets,
)
from taskscope.models.execution import Executor, Prediction
from taskscope.models.work import Edits, Places, Work

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy

_STATE = re.compile(r"(^|\.)(A_log|time_decay|recurrent_param)$")
"""Parameters of state-space and recurrent mixers."""
LENGTHS = (5, 7)
"""Tokens of the two prompts: unequal, and shorter than any sliding window in use."""
LIMITS = Limits(tokens=1 << 12, places=1 << 12, row=1 << 12)


@dataclass(frozen=True)
class Check:
    """Outcome of one check."""

    name: str
    passed: bool
    detail: str
    advice: str = ""


@dataclass(frozen=True)
class Report:
    """Outcome of all the checks made at load."""

    checks: tuple[Check, ...]
    route: Route
    reason: str
    """Why packed branches are not used; empty where they are."""


def at_load(hf: Any, anatomy: Anatomy) -> Route:
    """Check that blocks can be read and edited; return the route that is valid for the model.

    Raises:
        ModelError: If a check fails; it names the check and the override.
    """
    report = examine(hf, anatomy)
    failed = next((check for check in report.checks if not check.passed), None)
    if failed is not None:
        raise ModelError(
            f"{type(hf).__name__} fails the check '{failed.name}' with the blocks at {anatomy.path!r}: "
            f"{failed.detail}",
            "a causal decoder whose blocks pass one residual from each to the next",
            failed.advice,
        )
    return report.route


def examine(hf: Any, anatomy: Anatomy) -> Report:
    """Make the checks of `at_load` and report each one.

    Raises:
        ModelError: If the model cannot run a forward pass, or an edit does not arrive where it was made.
    """
    blocks = sorted({0, len(anatomy.blocks) // 2, len(anatomy.blocks) - 1})
    prompts = sample_prompts(hf, LENGTHS)
    plain = Executor(hf, anatomy, LIMITS, "rows", pad=0)
    try:
        residuals = plain.read([_end(p, i) for i, p in enumerate(prompts)], len(prompts), blocks, "residual")
        trial = _trial(prompts, blocks)
        targets = np.tile(spread_targets(hf), (trial.n_places, 1))
        vectors = residuals.reshape(-1, residuals.shape[-1])
        rows = plain.predict(trial.works, targets, vectors.__getitem__)
        alone = plain_logprobs(hf, prompts[0], len(prompts[0]), targets[0])
        both, n = prompts[0] + prompts[1], len(prompts[0])
        followed = plain_logprobs(hf, both, n, targets[0], masked=True)
    except (RuntimeError, ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        raise ModelError(
            f"{type(hf).__name__} cannot run a plain forward pass: {type(error).__name__}: {error}",
            "a model that runs on token ids and an attention mask",
            "check the versions of torch and transformers that its card names",
        ) from error
    packed = Executor(hf, anatomy, LIMITS, "branches", pad=0)
    limit = rounding(hf, rows.logprob)
    reason = _reason(packed, trial, targets, vectors, rows, limit)
    route: Route = "rows" if reason else "branches"
    first = (
        _causal(largest_difference(alone, followed), limit),
        _padding(largest_difference(alone, rows.logprob[trial.last["plain"][0]]), limit),
    )
    return Report((*first, *_verify(trial, rows, limit), _route_check(reason)), route, reason)


def _end(prompt: tuple[int, ...], out: int) -> Work:
    """Look at the last token of a plain prompt."""
    tree = Tree(prompt[:-1], (Branch(prompt[-1:], len(prompt) - 1),))
    at = np.array([len(prompt) - 1])
    return Work(tree, Places(np.zeros(1, dtype=np.int64), at, np.array([out])), Edits.none())


@dataclass
class _Trial:
    """Branches with and without edits, and the places of each kind in the result."""

    works: list[Work] = field(default_factory=list)
    n_places: int = 0
    last: dict[str, list[int]] = field(default_factory=dict)
    """By kind of branch, the places at the last token, one per prompt (or prompt and block)."""
    before: dict[str, list[int]] = field(default_factory=dict)
    """By kind of branch, the places at all tokens before the last."""


def _trial(prompts: list[tuple[int, ...]], blocks: list[int]) -> _Trial:
    """Grow from each prompt: itself, an identity edit per block, edits with the other prompt's residual.

    Vectors are numbered (prompt, block). One branch grows from further back and has two tokens of its own.
    """
    trial = _Trial()
    middle, last = (len(blocks) - 1) // 2, len(blocks) - 1
    for p, prompt in enumerate(prompts):
        own, other = p * len(blocks), (1 - p) * len(blocks)
        kinds: list[tuple[str, int, int]] = [("plain", -1, -1)]
        kinds += [("identity", block, own + b) for b, block in enumerate(blocks)]
        kinds += [("middle", blocks[middle], other + middle), ("swap", blocks[last], other + last)]
        branches = [Branch(prompt[-1:], len(prompt) - 1) for _ in kinds]
        branches.append(Branch((prompt[0], prompt[-1]), len(prompt) - 3))
        places, edits = [], []
        for number, (kind, block, vector) in enumerate(kinds):
            for position in range(len(prompt) - 1):
                trial.before.setdefault(kind, []).append(trial.n_places + len(places))
                places.append((number, position))
            trial.last.setdefault(kind, []).append(trial.n_places + len(places))
            places.append((number, len(prompt) - 1))
            if block >= 0:
                edits.append((number, len(prompt) - 1, block, vector))
        trial.last.setdefault("short", []).append(trial.n_places + len(places))
        places.append((len(kinds), len(prompt) - 2))
        trial.works.append(_work(Tree(prompt[:-1], tuple(branches)), places, edits, trial.n_places))
        trial.n_places += len(places)
    return trial


def _work(tree: Tree, places: list[tuple[int, int]], edits: list[tuple[int, ...]], first: int) -> Work:
    branch, position = np.array(places).T
    return Work(tree, Places(branch, position, first + np.arange(len(places))), Edits(*np.array(edits).T))


def _verify(trial: _Trial, rows: Prediction, limit: float) -> list[Check]:
    """Check that edits do what they should and nothing else."""
    logprob, last, before = rows.logprob, trial.last, trial.before
    n = len(trial.works)
    plain = logprob[last["plain"]]
    identity = largest_difference(
        logprob[last["identity"]], np.repeat(plain, len(last["identity"]) // n, axis=0)
    )
    swap = largest_difference(logprob[last["swap"]], plain[::-1])
    earlier = largest_difference(logprob[before["middle"]], logprob[before["plain"]])
    changed = largest_difference(logprob[last["middle"]], plain)
    override = "name the list of blocks with `--blocks path.to.list`"
    return [
        Check(
            "identity edit",
            identity <= limit,
            f"writing back what was read moves the prediction by {identity:.1e} nats (at most {limit:.1e})",
            override,
        ),
        Check(
            "swap at the last block",
            swap <= limit,
            f"the last residual of another prompt gives its prediction to {swap:.1e} nats (of {limit:.1e})",
            override,
        ),
        Check(
            "edits stay in place",
            earlier <= limit < changed,
            f"editing the last token changes its prediction by {changed:.1e} nats and earlier ones by "
            f"{earlier:.1e} (at most {limit:.1e})",
            override,
        ),
    ]


def _causal(difference: float, limit: float) -> Check:
    """Made without padding, where transformers leaves the mask out and some classes then see everything."""
    return Check(
        "causal",
        difference <= limit,
        f"what follows a prompt changes its prediction by {difference:.1e} nats (at most {limit:.1e})",
        "a model that sees what follows cannot be used; if it should not, its class may be mended in a newer "
        "transformers",
    )


def _padding(difference: float, limit: float) -> Check:
    return Check(
        "right padding",
        difference <= limit,
        f"a prompt padded on the right differs from the same prompt alone by {difference:.1e} nats "
        f"(at most {limit:.1e})",
        "the class ignores the attention mask and cannot be used",
    )


def _reason(
    packed: Executor,
    trial: _Trial,
    targets: np.ndarray,
    vectors: np.ndarray,
    rows: Prediction,
    limit: float,
) -> str:
    """Say why packed branches are not valid for the model, or nothing."""
    if _recurs(packed.anatomy):
        return "its blocks hold a recurrence or convolution over tokens, which no mask keeps apart"
    if packed.route_of(trial.works[0]) != "branches":
        return "its forward pass takes no position ids, or its attention no mask of its own"
    try:
        branches = packed.predict(trial.works, targets, vectors.__getitem__)
    except Exception as error:  # whatever it raises, the plain route has just been seen to work
        return f"it does not take a mask for every pair of tokens ({type(error).__name__})"
    difference = largest_difference(branches.logprob, rows.logprob)
    if difference <= limit:
        return ""
    return f"packed branches differ from separate rows by {difference:.1e} nats (at most {limit:.1e})"


def _recurs(anatomy: Anatomy) -> bool:
    """Tell by structure whether blocks carry a state from token to token.

    Not left to the numbers: on two short prompts a slow state may move less than rounding.
    """
    convolves = any(isinstance(module, nn.Conv1d) for module in anatomy.blocks.modules())
    return convolves or any(_STATE.search(name) for name, _ in anatomy.blocks.named_parameters())


def _route_check(reason: str) -> Check:
    """Report the route; either one is exact, so this is never a failure."""
    detail = f"one row per branch: {reason}" if reason else "packed branches, equal to separate rows"
    return Check("route", True, detail)
