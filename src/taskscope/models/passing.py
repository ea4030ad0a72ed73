"""One pass of a model over trees laid out as rows: what goes in, and what is taken at the wanted places."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from taskscope.models.batching import Batch
from taskscope.models.branching import Layout, pack, unpack
from taskscope.models.selection import HeadSelection, PlainHead, StateSelection
from taskscope.models.work import Joined, Places

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy


class Passes:
    """Runs a model once over a batch.

    Attributes:
        accepted: Names of the arguments that the model's class takes.
        plain_head: Finds the output head where logits are what it gives and nothing else.
    """

    def __init__(self, hf: Any, anatomy: Anatomy, pad: int) -> None:
        self.hf, self.anatomy, self.pad = hf, anatomy, pad
        self.accepted = set(inspect.signature(hf.forward).parameters)
        self.plain_head = PlainHead(hf, anatomy.head, self.accepted)

    def lay_out(self, batch: Batch) -> tuple[Layout, Joined]:
        """Lay the trees of a batch out as the rows of one pass, with what is asked of them."""
        lay = pack if batch.route == "branches" else unpack
        trees = [work.tree for work in batch.works]
        return lay(trees, self.pad, self.hf.device), Joined.of(batch.works)

    def indices(self, layout: Layout, branch: np.ndarray, position: np.ndarray) -> tuple[Tensor, Tensor]:
        """Return the (row, slot) of positions on branches, on the model's device."""
        rows, slots = layout.slots(branch, position)
        return torch.from_numpy(rows).to(self.hf.device), torch.from_numpy(slots).to(self.hf.device)

    def distinct(self, layout: Layout, places: Places) -> tuple[Tensor, Tensor, Tensor]:
        """Return (row, slot) of the slots that places lie in, each once, and which of them each place is.

        Branches share the slots of their trunk, where no edit can be.
        """
        rows, slots = layout.slots(places.branch, places.position)
        width = layout.ids.shape[1]
        distinct, which = np.unique(rows * width + slots, return_inverse=True)
        found = (*np.divmod(distinct, width), which)
        rows, slots, which = (torch.from_numpy(each).to(self.hf.device) for each in found)
        return rows, slots, which

    def forward(self, layout: Layout, rows: Tensor, slots: Tensor) -> Tensor:
        """Run the model; return the logits (place, vocabulary) at (row, slot) places only."""
        selection = HeadSelection(rows, slots, tuple(layout.ids.shape))
        return selection.gather(self._pass(layout, self.anatomy.head, selection))

    def states(self, layout: Layout, rows: Tensor, slots: Tensor, head: nn.Linear) -> Tensor:
        """Run the model; return what its head takes at (row, slot) places, (place, d_model)."""
        selection = StateSelection(rows, slots)
        self._pass(layout, head, selection)
        return selection.taken()

    def _pass(self, layout: Layout, head: nn.Module, selection: Callable[..., Any]) -> Tensor:
        """Run the model with a hook before its head; return its logits."""
        kwargs = {
            "input_ids": layout.ids,
            "attention_mask": layout.mask(self.hf.dtype),
            "use_cache": False,
        }
        if layout.packed:
            # Plain rows are left to the model: some families do not count positions from 0.
            kwargs["position_ids"] = layout.positions
        handle = head.register_forward_pre_hook(selection)
        try:
            output = self.hf(**{key: value for key, value in kwargs.items() if key in self.accepted})
        finally:
            handle.remove()
        return output.logits
