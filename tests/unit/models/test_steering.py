"""Writing on with a vector added equals the plain loop with a hook; reconstructions say what they imitate."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from toys import toy

from taskscope.models.batching import Route
from taskscope.models.language_model import LanguageModel
from taskscope.models.patching import hidden_of

PROMPTS = ["corn->", "apple->red\nlime->green\nplum->"]
N_TOKENS = 4
ALL = (None, None, None)


def naive(model: LanguageModel, prompt: str, vector: np.ndarray, block: int) -> tuple[int, ...]:
    """The whole text is run again for every token; the vector is added from the prompt's last token on."""
    ids, at = model.encode(prompt), len(model.encode(prompt)) - 1

    def add(_module: object, _args: object, output: object) -> object:
        hidden = hidden_of(output).clone()
        hidden[:, at:] += torch.from_numpy(vector)
        return hidden if isinstance(output, torch.Tensor) else (hidden, *output[1:])  # type: ignore[index]

    handle = model.anatomy.blocks[block].register_forward_hook(add)
    try:
        for _ in range(N_TOKENS):
            with torch.no_grad():
                ids = [*ids, int(model.hf(input_ids=torch.tensor([ids])).logits[0, -1].argmax())]
    finally:
        handle.remove()
    return tuple(ids[at + 1 :])


@pytest.mark.parametrize("route", ["branches", "rows"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "gptj"])
def test_writing_on_equals_the_plain_loop(family: str, route: Route) -> None:
    model = toy(family, route)
    rng = np.random.default_rng(0)
    vectors = {
        str(i): scale * rng.normal(size=model.d_model).astype(np.float32) for i, scale in enumerate((0, 3))
    }
    written = model.write_on(PROMPTS, vectors, 1, N_TOKENS)
    for name, vector in vectors.items():
        assert written[name] == [naive(model, prompt, vector, 1) for prompt in PROMPTS]
    assert written["0"] != written["1"]


def test_nothing_is_written_beyond_the_context(monkeypatch: pytest.MonkeyPatch) -> None:
    model = toy("llama", "branches")
    monkeypatch.setattr(model.encoder, "context", len(model.encode(PROMPTS[0])) + 2)
    [written] = model.write_on(PROMPTS[:1], {"none": np.zeros(model.d_model, np.float32)}, 0, N_TOKENS)[
        "none"
    ]
    assert len(written) == 2


def test_a_reconstruction_says_the_same_in_the_vocabulary_and_is_as_long() -> None:
    model = toy("llama", "branches")
    rng = np.random.default_rng(1)
    vectors = 5 * rng.normal(size=(3, model.d_model)).astype(np.float32)
    start = rng.normal(size=vectors.shape).astype(np.float32)
    kept = start.copy()
    _, before = model.reconstruct(vectors, start, 0, ALL)
    made, left = model.reconstruct(vectors, start, 300, ALL)
    assert (left < before / 20).all()
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), np.linalg.norm(vectors, axis=1), rtol=1e-4)
    assert all(p.grad is None for p in model.hf.parameters())
    said, wanted = model.read_out(made), model.read_out(vectors)
    assert (said.argmax(axis=1) == wanted.argmax(axis=1)).all()
    _, at_first = model.reconstruct(vectors, start, 0, (2, None, 2))
    few, of_few = model.reconstruct(vectors, start, 300, (2, None, 2))
    np.testing.assert_allclose(
        few[1], made[1], rtol=1e-4, err_msg="vectors have nothing to do with each other"
    )
    for row, right in zip(model.read_out(few)[[0, 2]], wanted[[0, 2]], strict=True):
        assert set(np.argsort(row)[-2:]) == set(np.argsort(right)[-2:])
    assert (of_few < at_first).all()
    np.testing.assert_array_equal(start, kept)
