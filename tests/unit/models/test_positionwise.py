"""Feed-forward parts in chunks of tokens: the same numbers, and modules left as they were found."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from taskscope.models.attention.positionwise import in_chunks


class Part(nn.Module):
    """Doubles what it is given and remembers how many tokens it saw at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def forward(self, hidden: Tensor) -> Tensor:
        self.seen.append(hidden.shape[1])
        return 2 * hidden


class Paired(Part):
    """Gives two results, as parts do that route tokens."""

    def forward(self, hidden: Tensor) -> tuple[Tensor, int]:  # type: ignore[override]
        return super().forward(hidden), hidden.shape[1]


def block(**parts: nn.Module) -> nn.Module:
    found = nn.Module()
    for name, part in parts.items():
        found.add_module(name, part)
    return found


@pytest.mark.parametrize(("n", "seen"), [(3, [3]), (4, [4]), (9, [4, 4, 1])])
def test_a_part_sees_a_few_tokens_and_gives_the_same(n: int, seen: list[int]) -> None:
    part = Part()
    hidden = torch.randn(2, n, 5)
    with in_chunks([block(mlp=part)], 4):
        assert torch.equal(part(hidden), 2 * hidden)
    assert part.seen == seen


def test_parts_are_as_they_were_afterwards_also_after_an_error() -> None:
    part, replaced = Part(), Part()
    replaced.forward = own = lambda hidden: 3 * hidden  # type: ignore[method-assign]
    with pytest.raises(KeyError), in_chunks([block(feed_forward=part), block(mlp=replaced)], 2):
        assert torch.equal(replaced(torch.ones(1, 5, 1)), torch.full((1, 5, 1), 3.0))
        raise KeyError
    assert "forward" not in part.__dict__ and replaced.forward is own


def test_a_part_that_gives_more_than_a_tensor_sees_all_tokens() -> None:
    part = Paired()
    with in_chunks([block(mlp=part)], 4):
        assert part(torch.ones(1, 9, 2))[1] == 9


@pytest.mark.parametrize("child", [block(experts=Part()), block(router=Part())])
def test_parts_that_route_tokens_and_other_children_are_left_alone(child: nn.Module) -> None:
    attention = Part()
    with in_chunks([block(mlp=child, self_attn=attention)], 4):
        assert "forward" not in child.__dict__ and "forward" not in attention.__dict__


def test_a_block_that_stands_twice_is_put_back_once() -> None:
    part = Part()
    shared = block(mlp=part)
    with in_chunks([shared, shared], 4):
        part(torch.ones(1, 9, 2))
    assert part.seen == [4, 4, 1] and "forward" not in part.__dict__
