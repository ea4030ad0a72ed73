"""Batches of work: sorted by length, under a budget of tokens, and smaller ones when memory runs out."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, pairwise
from typing import Literal

import torch

from taskscope.errors import ModelError
from taskscope.models.work import Work

Route = Literal["branches", "rows"]
ROUTES: tuple[Route, ...] = ("branches", "rows")
WIDE = 1024
"""Tokens of a packed row beyond which attention between branches that never see each other costs too much."""


@dataclass(frozen=True)
class Limits:
    """What one forward pass may hold."""

    tokens: int
    """Tokens of a batch, padding included."""
    places: int
    """Places of a batch whose logits are computed."""
    row: int
    """Tokens of a packed row, beyond which packing would not be exact; also of the prompts in it."""
    start: int = 1 << 30
    """What one more pass costs, in tokens of a longer one; works of unlike width share a pass below that."""

    def below(self, batch: Sequence[Work], route: Route) -> Limits:
        """Return limits under which a batch of several works is cut in two.

        Places are lowered only where they may have filled the batch: a few long prompts say nothing of many
        short ones.
        """
        tokens = min(self.tokens, _tokens(batch, route)) // 2
        places = sum(len(work.places.out) for work in batch)
        held = places // 2 if 2 * places > self.places else self.places
        return replace(self, tokens=max(tokens, 1), places=max(held, 1))


@dataclass(frozen=True)
class Batch:
    """Works that share one forward pass, and how their trees are laid out."""

    works: tuple[Work, ...]
    route: Route


def run_in_batches(
    works: Sequence[Work],
    limits: Limits,
    route_of: Callable[[Work], Route],
    run: Callable[[Batch], None],
) -> Limits:
    """Run every work, longest first, in batches that fit; return the limits that held.

    When memory runs out, the batch is cut in two, and all that follow are made as small. The numbers do not
    change, for no row of a batch depends on another.

    Raises:
        ModelError: If a single branch does not fit into memory.
    """
    todo = plan(works, limits, route_of)[::-1]
    while todo:
        batch = todo[-1]
        if _ran(run, batch):
            todo.pop()
            continue
        limits = limits.below(batch.works, batch.route)
        left = [work for later in todo[:-1] for work in later.works]
        todo = plan([*_smaller(batch.works), *left], limits, route_of)[::-1]
    return limits


def _smaller(works: tuple[Work, ...]) -> Sequence[Work]:
    """Return works that did not fit together; a single one is cut in two, for limits may not cut it.

    Raises:
        ModelError: If it has a single branch.
    """
    if len(works) > 1:
        return works
    work = next(iter(works))
    if work.n_branches > 1:
        middle = work.n_branches // 2
        return work.part(0, middle), work.part(middle, work.n_branches)
    raise out_of_memory(work.tree.depth)


def out_of_memory(tokens: int) -> ModelError:
    """Make the error for a single prompt that does not fit."""
    return ModelError(
        f"out of memory with a single prompt of {tokens} tokens",
        "memory for one prompt at a time",
        "a smaller model, `--dtype bfloat16`, or a device with more memory",
    )


def plan(works: Sequence[Work], limits: Limits, route_of: Callable[[Work], Route]) -> list[Batch]:
    """Cut works that are too long, sort them by width and fill batches up to the limits, longest first."""
    pieces: dict[Route, list[Work]] = {"branches": [], "rows": []}
    for work in works:
        route = route_of(work)
        for piece in _cut(work, route, limits):
            # A piece with a single branch is a plain prompt, which needs no mask of its own.
            pieces["rows" if piece.n_branches == 1 else route].append(piece)
    batches: list[Batch] = []
    for route in ROUTES:
        group = sorted(pieces[route], key=partial(_width, route=route), reverse=True)
        for alike in _alike(group, route, limits.start):
            batches += [Batch(tuple(works), route) for works in _filled(alike, route, limits)]
    return batches


def _alike(works: Sequence[Work], route: Route, start: int) -> list[Sequence[Work]]:
    """Cut works sorted by falling width where that saves the most: tokens of padding against passes.

    The cheapest cuts of works up to each width follow from those up to the widths before it.
    """
    widths = [_width(work, route) for work in works]
    edges = [i for i in range(len(works)) if i == 0 or widths[i] != widths[i - 1]]
    rows = [0, *accumulate(_rows(work, route) for work in works)]
    best, came = {0: 0}, {}
    for end in [*edges[1:], len(works)]:
        costs = {a: best[a] + start + (rows[end] - rows[a]) * widths[a] for a in edges if a < end}
        came[end] = min(costs, key=costs.__getitem__, default=0)
        best[end] = costs.get(came[end], 0)
    spans, end = [], len(works)
    while end:
        spans.append(works[came[end] : end])
        end = came[end]
    return spans[::-1]


def _filled(works: Sequence[Work], route: Route, limits: Limits) -> list[list[Work]]:
    """Fill batches with works sorted by falling width: the first of a batch sets its width."""
    batches: list[list[Work]] = []
    rows = width = places = 0
    for work in works:
        rows, places = rows + _rows(work, route), places + len(work.places.out)
        if batches and rows * width <= limits.tokens and places <= limits.places:
            batches[-1].append(work)
        else:
            batches.append([work])
            rows, width, places = _rows(work, route), _width(work, route), len(work.places.out)
    return batches


def _cut(work: Work, route: Route, limits: Limits) -> list[Work]:
    """Cut a work between its branches until each piece fits, or has a single branch."""
    longest = max(len(branch.tokens) for branch in work.tree.branches)
    if route == "rows":
        most = limits.tokens // work.tree.depth
    else:
        trunk = len(work.tree.trunk)
        # A long trunk carries at least as many tokens of branches, or it would be encoded once for each.
        most = (min(limits.row, max(min(WIDE, limits.tokens), 2 * trunk)) - trunk) // longest
    places = max(1, math.ceil(len(work.places.out) / work.n_branches))
    most = max(1, min(most, limits.places // places))
    # Pieces of equal size: a small remainder would pay for the trunk again.
    n = math.ceil(work.n_branches / most)
    if n == 1:
        return [work]
    edges = [round(i * work.n_branches / n) for i in range(n + 1)]
    return [work.part(start, stop) for start, stop in pairwise(edges)]


def _rows(work: Work, route: Route) -> int:
    return work.n_branches if route == "rows" else 1


def _width(work: Work, route: Route) -> int:
    return work.tree.depth if route == "rows" else work.tree.size


def _tokens(works: Sequence[Work], route: Route) -> int:
    return sum(_rows(work, route) for work in works) * max(_width(work, route) for work in works)


def _ran(run: Callable[[Batch], None], batch: Batch) -> bool:
    try:
        run(batch)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    else:
        return True
    # The failed pass is released only once the handled exception is gone.
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return False


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory ran out, on whichever device."""
    if isinstance(error, MemoryError | torch.cuda.OutOfMemoryError):
        return True
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text
