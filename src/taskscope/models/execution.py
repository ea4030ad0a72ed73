"""The one primitive under every measurement: a forward pass over trees, with edits and reads at places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from taskscope.models import readout
from taskscope.models.audit import Audit
from taskscope.models.batching import Batch, Limits, Route, run_in_batches
from taskscope.models.branching import Branch, Layout, Tree
from taskscope.models.differentiating import differentiable, differentiate
from taskscope.models.encoding import Tokens
from taskscope.models.head_patching import HeadEdits, heads_patched
from taskscope.models.lengths import Lengths
from taskscope.models.limits import width_of
from taskscope.models.passing import Passes
from taskscope.models.patching import BlockEdits, Mode, patched, to_device
from taskscope.models.reading import What, nudging, reading, stacked
from taskscope.models.readout import Questions
from taskscope.models.scoring import reduce_logits
from taskscope.models.work import Edits, Places, Work

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy

PACKABLE_ATTENTION = ("sdpa", "eager")
"""Attention implementations that take a mask of their own for every pair of tokens."""
BACK = 4
"""What starting a pass there and back costs, as times a pass: it writes a gradient of all weights."""

Vectors = Callable[[np.ndarray], np.ndarray]
"""Looks up edit vectors: indices (edit,) to float32 (edit, d_model), or (edit, head_dim) for heads."""


@dataclass(frozen=True)
class Prediction:
    """What the model says at each place."""

    top: np.ndarray
    """(place,) int64: the most likely next token."""
    logprob: np.ndarray
    """(place, target) float32: log p of the target tokens, nats."""

    @classmethod
    def empty(cls, places: int, targets: int) -> Prediction:
        """Return a prediction to fill in; -1 and NaN mark places not filled."""
        return cls(np.full(places, -1, np.int64), np.full((places, targets), np.nan, np.float32))


class Executor:
    """Runs works on a model, in batches that fit, by the route that is valid for the model.

    Attributes:
        route: ``branches`` packs a tree in one row; ``rows`` gives each branch a plain row of its own. Both
            give the same numbers where both are valid.
        limits: Sizes of batches; lowered for good when memory runs out.
        audit: Where set, a share of every prediction is made again at batch size 1 and compared.
        lengths: Where set, the model is checked on prompts as long as the ones that come.
    """

    def __init__(self, hf: Any, anatomy: Anatomy, limits: Limits, route: Route, pad: int) -> None:
        self.hf, self.anatomy = hf, anatomy
        self.route: Route = route
        self.limits = limits
        self.passes = Passes(hf, anatomy, pad)
        self.audit: Audit | None = None
        self.lengths: Lengths | None = None

    def read(self, works: Sequence[Work], n: int, blocks: Sequence[int], what: What) -> np.ndarray:
        """Read blocks of the unmodified model at every place.

        Returns:
            float32 (n, block, d_model) for the residual, (n, block, n_heads, head_dim) for the heads.
        """
        found: list[tuple[np.ndarray, np.ndarray]] = []

        def run(batch: Batch) -> None:
            layout, joined = self.passes.lay_out(batch)
            rows, slots = self.passes.indices(layout, joined.places.branch, joined.places.position)
            with reading(self.anatomy, blocks, rows, slots, what) as values:
                self.passes.forward(layout, rows[:1], slots[:1])
            found.append((joined.places.out, stacked(values, blocks).numpy()))

        self._run(works, run)
        shape = (self.anatomy.n_heads, self.anatomy.head_dim) if what == "heads" else (width_of(self.hf),)
        result = np.empty((n, len(blocks), *shape), dtype=np.float32)
        for out, values in found:
            result[out] = values
        return result

    def predict(
        self,
        works: Sequence[Work],
        targets: np.ndarray,
        vectors: Vectors | None = None,
        mode: Mode = "replace",
    ) -> Prediction:
        """Predict the next token at every place, under each work's edits.

        Args:
            works: Trees with places and edits.
            targets: (place, target) int64: tokens whose log-probability is wanted, by place; -1 for none,
                which gives NaN.
            vectors: Looks up the vectors that the edits name; needed where there are edits.
            mode: Whether edits replace the residual or add to it; outputs of heads are always replaced.
        """
        found = Prediction.empty(*targets.shape)

        def run(batch: Batch) -> None:
            self._predict(batch, targets, vectors, mode, found)

        self._run(works, run)
        found.logprob[targets < 0] = np.nan
        if self.audit is not None:
            again = Prediction.empty(*targets.shape)
            singles = [Batch((single,), "rows") for single in self.audit.choose(works)]
            with torch.no_grad():
                for batch in singles:
                    self._predict(batch, targets, vectors, mode, again)
            self.audit.compare(found.top, again.top, found.logprob, again.logprob)
        return found

    def slopes(
        self, works: Sequence[Work], targets: np.ndarray, blocks: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Read the heads' outputs at every place, and by how much each number there moves p of the target.

        Args:
            works: Trees with places and no edits.
            targets: (place,) int64: the token whose probability is differentiated.
            blocks: Blocks whose heads are read.

        Returns:
            Outputs and gradients, float32 (place, block, n_heads, head_dim) each.
        """
        shape = (len(targets), len(blocks), self.anatomy.n_heads, self.anatomy.head_dim)
        outputs, gradients = np.empty(shape, np.float32), np.empty(shape, np.float32)

        def run(batch: Batch) -> None:
            layout, joined = self.passes.lay_out(batch)
            rows, slots = self.passes.indices(layout, joined.places.branch, joined.places.position)
            out = joined.places.out
            with torch.enable_grad(), nudging(self.anatomy, blocks, rows, slots) as (values, nudges):
                logits = self.passes.forward(layout, rows, slots).float()
                wanted = torch.from_numpy(targets[out]).to(logits.device)
                p = logits.softmax(-1).gather(1, wanted[:, None]).sum()
                slopes = torch.autograd.grad(p, [nudges[block] for block in blocks])
            outputs[out] = stacked(values, blocks).numpy()
            gradients[out] = stacked(dict(zip(blocks, slopes, strict=True)), blocks).numpy()

        self._run(works, run)
        return outputs, gradients

    def each(self, prompts: Sequence[Tokens], run: Callable[[list[int]], None]) -> None:
        """Run something on batches of whole prompts, given as indices; prompts of like length go together."""
        works = [
            Work(
                Tree((), (Branch(tokens, 0),)),
                Places(np.array([0]), np.array([len(tokens) - 1]), np.array([i])),
                Edits.none(),
            )
            for i, tokens in enumerate(prompts)
        ]
        self._run(works, lambda batch: run([int(work.places.out[0]) for work in batch.works]))

    def gradient(
        self, works: Sequence[Work], targets: np.ndarray, weights: np.ndarray
    ) -> tuple[dict[str, Tensor], np.ndarray]:
        """Differentiate a weighted sum of log-probabilities by every parameter, tied ones once.

        Args:
            works: Trees with places and no edits.
            targets: (place,) int64: the token whose log-probability is differentiated; -1 for none.
            weights: (place,) float64: what each counts in the sum.

        Returns:
            By name of the parameter its gradient, on the model's device, and log p of the targets, (place,)
            float64, nats.
        """
        parameters = dict(self.hf.named_parameters())
        total: dict[str, Tensor] = {}
        logprob = np.zeros(len(targets))

        def run(batch: Batch) -> None:
            layout, joined = self.passes.lay_out(batch)
            out = joined.places.out
            wanted = torch.from_numpy(np.maximum(targets[out], 0)).to(self.hf.device)
            counted = torch.from_numpy(np.where(targets[out] < 0, 0.0, weights[out])).to(self.hf.device)
            with torch.enable_grad(), differentiable(parameters.values()):
                found, parts = differentiate(self.passes, layout, joined.places, wanted, counted, parameters)
            # Added up only now: a batch that did not fit must not have been counted in part.
            for name, part in parts.items():
                total[name] = total[name] + part if name in total else part
            logprob[out] = found.double().cpu().numpy()

        self._run(works, run, BACK)
        untouched = {n: torch.zeros_like(p) for n, p in parameters.items() if n not in total}
        return {name: {**total, **untouched}[name] for name in parameters}, logprob

    def _predict(
        self, batch: Batch, targets: np.ndarray, vectors: Vectors | None, mode: Mode, found: Prediction
    ) -> None:
        """Fill the places of one batch in."""
        head = self.passes.plain_head.find()
        if head is None:
            out, logits = self._logits(batch, vectors, mode)
            best, values = reduce_logits(logits, torch.from_numpy(np.maximum(targets[out], 0)))
        else:
            layout, joined = self.passes.lay_out(batch)
            out = joined.places.out
            rows, slots, which = self.passes.distinct(layout, joined.places)
            with self._edited(layout, joined.edits, vectors, mode):
                states = self.passes.states(layout, rows, slots, head)
            wanted = torch.from_numpy(np.maximum(targets[out], 0)).to(states.device)
            best, values = readout.predict(states, head, Questions(which, wanted))
        found.top[out], found.logprob[out] = best.cpu().numpy(), values.float().cpu().numpy()

    def distributions(self, works: Sequence[Work], n: int, vectors: Vectors | None = None) -> np.ndarray:
        """Return log p of every next token at each of n places, (place, vocabulary) float32, nats.

        For few places only: the whole vocabulary is kept of each. Edits replace the residual.
        """
        found: list[tuple[np.ndarray, np.ndarray]] = []

        def run(batch: Batch) -> None:
            out, logits = self._logits(batch, vectors, "replace")
            found.append((out, logits.float().log_softmax(-1).cpu().numpy()))

        self._run(works, run)
        result = np.empty((n, found[0][1].shape[1]), dtype=np.float32)
        for out, values in found:
            result[out] = values
        return result

    def _logits(self, batch: Batch, vectors: Vectors | None, mode: Mode) -> tuple[np.ndarray, Tensor]:
        """Run one batch; return which places it fills, and their logits (place, vocabulary)."""
        layout, joined = self.passes.lay_out(batch)
        rows, slots = self.passes.indices(layout, joined.places.branch, joined.places.position)
        with self._edited(layout, joined.edits, vectors, mode):
            return joined.places.out, self.passes.forward(layout, rows, slots)

    def route_of(self, work: Work) -> Route:
        """Choose the route of one work: packed only where every premise of packing holds for it."""
        packable = (
            self.route == "branches"
            and "position_ids" in self.passes.accepted
            and work.tree.depth <= self.limits.row
            and getattr(self.hf.config, "_attn_implementation", "eager") in PACKABLE_ATTENTION
        )
        return "branches" if packable else "rows"

    def _run(self, works: Sequence[Work], run: Callable[[Batch], None], cost: int = 1) -> None:
        """Run works in batches, of passes that cost so many times what reading takes."""
        if self.lengths is not None and works:
            self.lengths.reach(max(work.tree.depth for work in works))
        start = self.limits.start
        with torch.no_grad():
            held = run_in_batches(works, replace(self.limits, start=cost * start), self.route_of, run)
        self.limits = replace(held, start=start)

    def _edited(
        self, layout: Layout, edits: Edits, vectors: Vectors | None, mode: Mode
    ) -> AbstractContextManager[None]:
        """Move a batch's vectors to the model in one transfer and deal them out to their blocks."""
        if not len(edits.block):
            return nullcontext()
        if vectors is None:
            raise ValueError("works with edits need vectors")
        order = np.argsort(edits.block, kind="stable")
        rows, slots = self.passes.indices(layout, edits.branch[order], edits.position[order])
        moved = to_device(vectors(edits.vector[order]), self.hf.device, self.hf.dtype)
        blocks, first = np.unique(edits.block[order], return_index=True)
        parts = {
            int(block): slice(start, end)
            for block, start, end in zip(blocks, first, [*first[1:], len(order)], strict=True)
        }
        if not len(edits.head):
            residual = {b: BlockEdits(rows[part], slots[part], moved[part]) for b, part in parts.items()}
            return patched(self.anatomy, residual, mode)
        head = torch.from_numpy(edits.head[order]).to(self.hf.device)
        heads = {b: HeadEdits(rows[p], slots[p], head[p], moved[p]) for b, p in parts.items()}
        return heads_patched(self.anatomy, heads)
