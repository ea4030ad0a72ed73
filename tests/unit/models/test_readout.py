"""The vocabulary a slice at a time gives what all logits would, there and back, and only where it may."""

from typing import Any

import numpy as np
import pytest
import torch
from oracles import plain_logits
from torch import Tensor, nn
from toys import FAMILIES, toy

from taskscope.models import gradients, readout
from taskscope.models.batching import Route
from taskscope.models.language_model import LanguageModel
from taskscope.models.readout import Questions
from taskscope.models.selection import plain_head

STATES, WIDTH, SIZE = 5, 6, 23
WHICH = torch.tensor([3, 0, 0, 4, 1, 2, 2])
"""Several questions of one state, and states out of order."""
TARGETS = torch.tensor([[22, 1], [0, 7], [8, 9], [15, 15], [16, 2], [4, 5], [22, 0]])
OWN = {"cohere", "gemma2", "granite"}
"""Families that scale or cap logits behind their head."""
PAIRS = [
    ("the small cat sat on the mat", "the small cat slept on the mat"),
    ("Paris is the capital of France", "Rome is the capital of France and Italy"),
    ("the old dog slept", "the old dog slept near the door"),
    ("the small cat sat on the mat", "the small cat sat on the mat"),
]


def head(bias: bool, dtype: torch.dtype) -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(WIDTH, SIZE, bias=bias).to(dtype)


def logits_of(states: Tensor, head: nn.Linear) -> Tensor:
    """In float32 at least, as log-probabilities are taken."""
    found = head(states)
    return found if found.dtype == torch.float64 else found.float()


@pytest.mark.parametrize("cached", [1, 5 * STATES, 8 * STATES, 1 << 20])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_slices_predict_as_all_logits_do(
    cached: int, bias: bool, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readout, "CACHED", cached)
    output = head(bias, dtype)
    states = (30 * torch.randn(STATES, WIDTH)).to(dtype)
    top, logprob = readout.predict(states, output, Questions(WHICH, TARGETS))
    logits = logits_of(states, output).detach()
    assert torch.equal(top, logits.argmax(-1)[WHICH])
    wanted = logits.log_softmax(-1)[WHICH].gather(1, TARGETS)
    assert logprob.dtype == wanted.dtype
    # A product may be rounded to the next number of its type, here and there.
    rounding = torch.finfo(dtype).eps * float(logits.abs().max()) if dtype == torch.bfloat16 else 1e-4
    torch.testing.assert_close(logprob, wanted, rtol=1e-5, atol=rounding)


def test_the_first_of_equal_logits_is_the_most_likely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readout, "CACHED", 4)
    output = head(False, torch.float32)
    with torch.no_grad():
        output.weight[[3, 9, 20]] = 10 * torch.ones(WIDTH)
    top, _ = readout.predict(torch.ones(1, WIDTH), output, Questions(torch.tensor([0]), torch.tensor([[0]])))
    assert top.tolist() == [3]


@pytest.mark.parametrize("cached", [1, 5 * STATES, 1 << 20])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "weights", [[0.5, 1.0, -1.0, 2.0, -3.0, 0.25, -0.25], [1, 1, 1, 1, 1, 1, 1], [0, 1, -1, 0, 0, 2, -2]]
)
def test_slices_differentiate_as_a_graph_does(
    cached: int, bias: bool, weights: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the weights at a state, or at all of them, cancel."""
    monkeypatch.setattr(readout, "CACHED", cached)
    output = head(bias, torch.float64)
    states = torch.randn(STATES, WIDTH, dtype=torch.float64, requires_grad=True)
    weight = torch.tensor(weights, dtype=torch.float64)
    target = TARGETS[:, :1]
    found = readout.differentiate(states.detach(), output, Questions(WHICH, target), weight)
    logprob = logits_of(states, output).log_softmax(-1)[WHICH].gather(1, target)[:, 0]
    wanted = torch.autograd.grad((weight * logprob).sum(), [states, *output.parameters()])
    torch.testing.assert_close(found.logprob, logprob.detach())
    torch.testing.assert_close(found.states, wanted[0])
    torch.testing.assert_close(found.weight, wanted[1])
    assert (found.bias is not None) == bias
    if found.bias is not None:
        torch.testing.assert_close(found.bias, wanted[2])


@pytest.mark.parametrize("family", FAMILIES)
def test_only_classes_that_leave_logits_alone_are_read_by_slices(family: str) -> None:
    model = toy(family)
    found = plain_head(model.hf, model.anatomy.head, model.executor.passes.accepted)
    if family in OWN:
        assert found is None
    if found is None:
        return
    state = torch.randn(1, 1, model.anatomy.head.weight.shape[1])
    assert found is model.anatomy.head
    assert torch.isfinite(found(state)).all()


@pytest.mark.parametrize("change", [{}, {"final_logit_softcapping": 50.0}])
def test_a_cap_shows_however_small_the_logits_are(change: dict[str, float]) -> None:
    model = toy("gemma2", fresh=True, **{"final_logit_softcapping": None, **change})
    with torch.no_grad():
        model.hf.lm_head.weight.mul_(1e-4)
    found = plain_head(model.hf, model.anatomy.head, model.executor.passes.accepted)
    assert (found is None) == bool(change)


def whole(model: LanguageModel, text: str, scale: float = 1.0) -> float:
    """Log p of a whole sentence from all logits of one plain pass, nats."""
    start, rest = model.encode_pair("", text)
    logits = scale * plain_logits(model.hf, start + rest)[len(start) - 1 : -1].double()
    return float(logits.log_softmax(-1).gather(1, torch.tensor(rest)[:, None]).sum())


def test_what_is_hooked_on_the_logits_is_in_force() -> None:
    model = toy("llama", fresh=True)
    wanted = [whole(model, "the cat sat", scale) for scale in (1.0, 3.0)]
    assert abs(wanted[0] - wanted[1]) > 0.01

    def triple(_module: nn.Module, _args: object, out: Any) -> None:
        out.logits.mul_(3.0)

    np.testing.assert_allclose(model.score([("", "the cat sat")]), wanted[:1], rtol=1e-5)
    handle = model.hf.register_forward_hook(triple)
    np.testing.assert_allclose(model.score([("", "the cat sat")]), wanted[1:], rtol=1e-5)
    handle.remove()
    np.testing.assert_allclose(model.score([("", "the cat sat")]), wanted[:1], rtol=1e-5)


def test_a_head_that_was_patched_or_wrapped_after_a_prediction_is_in_force() -> None:
    text = "the dog barks at the moon"
    model = toy("llama", fresh=True)
    before = whole(model, text)
    own = model.hf.lm_head
    assert model.score([("", text)])[0] == pytest.approx(before, abs=1e-4)
    own.forward = lambda hidden: 2 * nn.functional.linear(hidden, own.weight)  # type: ignore[method-assign]
    assert model.score([("", text)])[0] == pytest.approx(whole(model, text), abs=1e-4)
    del own.forward
    adapter = nn.Sequential(own, nn.Linear(own.out_features, own.out_features, bias=False))
    with torch.no_grad():
        adapter[1].weight.copy_(torch.eye(own.out_features))
    model.hf.lm_head = adapter
    assert model.score([("", text)])[0] == pytest.approx(before, abs=1e-4)
    with torch.no_grad():
        adapter[1].weight.mul_(3)
    assert model.score([("", text)])[0] == pytest.approx(whole(model, text), abs=1e-4)


def test_many_slices_of_sixteen_bits_lose_no_more_than_one_product(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    output, states = nn.Linear(64, 4000, bias=False), torch.randn(40, 64)
    questions = Questions(torch.arange(40), torch.randint(0, 4000, (40, 1)))
    weight = torch.rand(40, dtype=torch.float64)
    exact = readout.differentiate(states.double(), output.double(), questions, weight).states
    monkeypatch.setattr(readout, "CACHED", 40 * 20)  # two hundred slices
    found = readout.differentiate(states.bfloat16(), output.bfloat16(), questions, weight).states
    assert float((found.double() - exact).norm() / exact.norm()) < 0.01


def test_a_head_may_rule_a_whole_slice_out(monkeypatch: pytest.MonkeyPatch) -> None:
    output, states = nn.Linear(8, 30), torch.randn(3, 8)
    with torch.no_grad():
        output.bias[:10] = -torch.inf
    monkeypatch.setattr(readout, "CACHED", 3 * 5)
    questions = Questions(torch.arange(3), torch.full((3, 1), 20))
    best, logprob = readout.predict(states, output, questions)
    wanted = output(states).log_softmax(-1)
    torch.testing.assert_close(logprob[:, 0], wanted[:, 20].detach())
    assert torch.equal(best, wanted.argmax(1))


@pytest.mark.parametrize("route", ["branches", "rows"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox", "gemma2"])
def test_margins_are_those_of_whole_sentences(
    family: str, route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In many small passes, a slice at a time, and by both kinds of head."""
    monkeypatch.setattr(readout, "CACHED", 64)
    model = toy(family, route)
    pairs = model.contrasts(PAIRS)
    scores = model.score_contrasts(pairs)
    wanted = [[whole(model, text) for text in pair] for pair in PAIRS]
    np.testing.assert_allclose(scores[:, 0] - scores[:, 1], np.subtract(*np.transpose(wanted)), atol=1e-4)
    _, margins = gradients.margin(model.executor, pairs)
    np.testing.assert_allclose(margins, scores[:, 0] - scores[:, 1], atol=1e-4)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_both_kinds_of_head_have_one_gradient(family: str) -> None:
    """GPT-2's head is its embedding too; Llama's is its own."""
    model = toy(family, fresh=True, dtype="float64")
    pairs = model.contrasts(PAIRS)
    found, margins = gradients.margin(model.executor, pairs)
    handle = model.hf.register_forward_hook(lambda *_: None)  # whoever listens gets all logits
    try:
        wanted, told = gradients.margin(model.executor, pairs)
    finally:
        handle.remove()
    np.testing.assert_allclose(margins, told, atol=1e-9)
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        torch.testing.assert_close(found[name], values, rtol=1e-7, atol=1e-9)
