"""What blocks do to each token alone, done for a few tokens at a time.

The widest tensors of a pass without attention maps are those inside feed-forward parts, which never look from
one token to another. In chunks they are as wide for a few tokens only, and fit into a processor's cache.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

_NAMES = re.compile(r"^(mlp|ffn?|feed_?forward)$")
"""Names of feed-forward parts among the children of a block, in lower case."""
_ROUTED = re.compile(r"expert|router|moe")
"""What marks one that sends tokens different ways, which is dear for a few of them."""


@contextmanager
def in_chunks(blocks: Iterable[nn.Module], n_tokens: int) -> Iterator[None]:
    """Run feed-forward parts on so many tokens at a time inside.

    A part that takes or gives more than one tensor sees all tokens, as it does outside.

    Args:
        blocks: Blocks of a model; one may stand among them twice.
        n_tokens: Tokens of each row that a part sees at once.
    """
    with ExitStack() as undo:
        for part in dict.fromkeys(part for block in blocks for part in _parts(block)):
            undo.callback(_restore, part, part.__dict__.get("forward"))
            part.forward = _chunked(part.forward, n_tokens)  # type: ignore[method-assign]
        yield


def _parts(block: nn.Module) -> list[nn.Module]:
    return [
        child
        for name, child in block.named_children()
        if _NAMES.match(name.lower())
        and not any(_ROUTED.search(inner.lower()) for inner, _ in child.named_modules())
        and not _ROUTED.search(type(child).__name__.lower())
    ]


def _restore(part: nn.Module, own: Callable[..., Any] | None) -> None:
    """Take the method of the class again, or what an instance had in its place."""
    del part.forward
    if own is not None:
        part.forward = own  # type: ignore[method-assign]


def _chunked(forward: Callable[..., Any], n_tokens: int) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        whole = args[0] if len(args) == 1 and not kwargs else None
        if not isinstance(whole, Tensor) or whole.ndim != 3 or whole.shape[1] <= n_tokens:
            return forward(*args, **kwargs)
        some = (
            part.contiguous() for part in whole.split(n_tokens, dim=1)
        )  # some parts view what they are given
        first = forward(next(some))
        if not isinstance(first, Tensor) or first.shape[:2] != (len(whole), n_tokens):
            return forward(whole)
        # One tensor filled in place: a list of parts to join would hold everything twice.
        result = torch.empty(*whole.shape[:2], first.shape[-1], dtype=first.dtype, device=first.device)
        result[:, :n_tokens] = first
        for start, part in zip(range(n_tokens, whole.shape[1], n_tokens), some, strict=True):
            result[:, start : start + n_tokens] = forward(part)
        return result

    return run
