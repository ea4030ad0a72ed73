"""The one-pass sweep gives the numbers of the plain loop: one prompt, one block, one condition at a time."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from oracles import assert_close, edited_logits, greedy, plain_logits
from toys import FAMILIES, N_BLOCKS, VOCABULARY, toy

from taskscope.errors import TaskError, TaskscopeError
from taskscope.models.batching import Route
from taskscope.models.branching import Branch, Tree
from taskscope.models.language_model import LanguageModel
from taskscope.models.patching import Mode
from taskscope.models.sweep import Columns, exact_match, look_up_in
from taskscope.models.work import Edits, Places, Work

PROMPTS = ["corn->", "apple->red\nlime->green\nplum->", "snow and coal->"]
LONG = "apple->red\nlime->green\ncorn->yellow\nplum->purple\nsnow->"
GOLD = [["yellow"], ["purple", "red"], []]


def vectors_for(
    model: LanguageModel, prompts: Sequence[str], n_blocks: int = N_BLOCKS
) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    shape = (len(prompts), n_blocks, model.d_model)
    return {"one": rng.normal(size=shape).astype(np.float32), "two": 3 * rng.random(shape, dtype=np.float32)}


def columns_of(
    model: LanguageModel, prompts: Sequence[str], vectors: dict[str, np.ndarray], mode: Mode = "replace"
) -> Columns:
    shape = (len(prompts), N_BLOCKS)
    ids = model.encoder.encode_all(prompts)
    return Columns(
        model.executor, look_up_in(vectors, shape), mode, len(vectors), ids, tuple(range(N_BLOCKS))
    )


@pytest.mark.parametrize("mode", ["replace", "add"])
@pytest.mark.parametrize("route", ["branches", "rows"])
@pytest.mark.parametrize("family", FAMILIES)
def test_columns_equal_the_loop_over_blocks(family: str, route: Route, mode: Mode) -> None:
    model = toy(family, route)
    vectors = vectors_for(model, PROMPTS)
    everything = np.tile(np.arange(VOCABULARY), (len(PROMPTS), 1))
    top, logprob = columns_of(model, PROMPTS, vectors, mode).predict(everything)
    for c, table in enumerate(vectors.values()):
        for p, prompt in enumerate(PROMPTS):
            for block in range(N_BLOCKS):
                ids = model.encode(prompt)
                logits = edited_logits(model, ids, block, table[p, block], mode=mode)[-1]
                assert_close(logprob[c, p, block], logits.log_softmax(-1), logits)
                assert top[c, p, block] == int(logits.argmax())


@pytest.mark.parametrize("family", ["mistral", "gemma2", "gpt_neo"])
def test_prompts_longer_than_the_window_equal_the_loop(family: str) -> None:
    model = toy(family)
    assert len(model.encode(LONG)) > 24
    vectors = vectors_for(model, [LONG])
    top, logprob = columns_of(model, [LONG], vectors).predict(np.arange(VOCABULARY)[None])
    for block in range(N_BLOCKS):
        logits = edited_logits(model, model.encode(LONG), block, vectors["two"][0, block])[-1]
        assert_close(logprob[1, 0, block], logits.log_softmax(-1), logits)
        assert top[1, 0, block] == int(logits.argmax())


@pytest.mark.parametrize("route", ["branches", "rows"])
@pytest.mark.parametrize("family", FAMILIES)
def test_writing_back_what_was_read_changes_nothing(family: str, route: Route) -> None:
    model = toy(family, route)
    same = model.sweep(PROMPTS, {"same": model.capture(PROMPTS)}, {"gold": GOLD})
    for p, prompt in enumerate(PROMPTS):
        logits = plain_logits(model.hf, model.encode(prompt))[-1]
        assert (same.first_token[0, p] == int(logits.argmax())).all()
        if GOLD[p]:
            token = model.encode_pair(prompt, GOLD[p][0])[1][0]
            wanted = np.full(N_BLOCKS, float(logits.log_softmax(-1)[token]))
            assert_close(same.logprob["gold"][0, p], wanted, logits)


def test_prompts_without_an_answer_have_no_log_probability() -> None:
    model = toy("llama")
    swept = model.sweep(PROMPTS, vectors_for(model, PROMPTS), {"gold": GOLD})
    assert swept.conditions == ("one", "two")
    assert np.isnan(swept.logprob["gold"][:, 2]).all()
    assert not np.isnan(swept.logprob["gold"][:, :2]).any()
    assert not swept.correct["gold"][:, 2].any()


@pytest.mark.parametrize("route", ["branches", "rows"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2"])
def test_exact_match_of_several_tokens_equals_greedy_generation(family: str, route: Route) -> None:
    """Each prompt accepts what one column really says, and two near misses of what others say."""
    model = toy(family, route)
    vectors = vectors_for(model, PROMPTS)
    said = np.array(
        [
            [
                [greedy(model, model.encode(prompt), 3, b, table[p, b]) for b in range(N_BLOCKS)]
                for p, prompt in enumerate(PROMPTS)
            ]
            for table in vectors.values()
        ]
    )
    accepted = [
        [
            tuple(said[0, p, 1].tolist()),
            (*said[1, p, 2, :2].tolist(), int(said[1, p, 2, 2]) ^ 1),
            tuple(said[1, p, 3, :2].tolist()),
        ]
        for p in range(len(PROMPTS))
    ]
    found = exact_match(columns_of(model, PROMPTS, vectors), said[..., 0], {"gold": accepted})["gold"]
    for c, p, b in np.ndindex(found.shape):
        wanted = any(tuple(said[c, p, b, : len(answer)].tolist()) == answer for answer in accepted[p])
        assert found[c, p, b] == wanted
    assert found[0, :, 1].all()
    assert found[1, :, 3].all()
    assert not found.all()


def test_an_answer_of_one_token_is_right_when_it_is_the_most_likely() -> None:
    model = toy("llama")
    vectors = vectors_for(model, PROMPTS)
    top, _ = columns_of(model, PROMPTS, vectors).predict(np.zeros((len(PROMPTS), 0), np.int64))
    accepted = [[(int(top[0, p, 2]),)] for p in range(len(PROMPTS))]
    found = exact_match(columns_of(model, PROMPTS, vectors), top, {"gold": accepted})["gold"]
    assert (found == (top == top[:1, :, 2:3])).all()


def test_some_blocks_only() -> None:
    model = toy("llama")
    vectors = vectors_for(model, PROMPTS)
    whole = model.sweep(PROMPTS, vectors, {"gold": GOLD})
    some = model.sweep(
        PROMPTS, {name: v[:, [3, 1]] for name, v in vectors.items()}, {"gold": GOLD}, blocks=[3, 1]
    )
    assert some.blocks == (3, 1)
    np.testing.assert_array_equal(some.first_token, whole.first_token[:, :, [3, 1]])
    assert_close(some.logprob["gold"], whole.logprob["gold"][:, :, [3, 1]], 10.0)


def test_a_prompt_of_one_token() -> None:
    model = toy("gpt2")
    vectors = vectors_for(model, [""])
    assert model.encode("") == [0]
    found = model.sweep([""], vectors, {"gold": [["red"]]})
    logits = edited_logits(model, [0], 1, vectors["one"][0, 1])[-1]
    assert found.first_token[0, 0, 1] == int(logits.argmax())


def test_the_context_may_be_filled_to_the_last_token() -> None:
    """Learned positions end at the context; a packed row is longer than any of its paths."""
    model = toy("gpt2")
    prompt = " ".join(["snow"] * model.context)
    while len(model.encoder.tokenizer(prompt)["input_ids"]) > model.context:
        prompt = prompt[:-1]
    assert len(model.encode(prompt)) == model.context
    vectors = vectors_for(model, [prompt])
    top = model.sweep([prompt], vectors, {}).first_token
    logits = edited_logits(model, model.encode(prompt), 2, vectors["two"][0, 2])[-1]
    assert top[1, 0, 2] == int(logits.argmax())


def test_vectors_of_another_shape_are_refused() -> None:
    model = toy("llama")
    with pytest.raises(TaskscopeError, match="vectors of 'short'"):
        model.sweep(PROMPTS, {"short": np.zeros((2, N_BLOCKS, model.d_model))}, {})


def test_answers_for_another_number_of_prompts_are_refused() -> None:
    model = toy("llama")
    with pytest.raises(TaskError, match="2 lists of 'gold' answers for 3 prompts"):
        model.sweep(PROMPTS, vectors_for(model, PROMPTS), {"gold": [["red"], ["red"]]})


def test_the_model_is_left_without_gradients_or_hooks() -> None:
    model = toy("llama")
    with model.guard():
        model.sweep(PROMPTS, vectors_for(model, PROMPTS), {"gold": GOLD})
    assert all(parameter.grad is None for parameter in model.hf.parameters())
    assert torch.is_grad_enabled()


def test_edits_without_vectors_are_refused() -> None:
    model = toy("llama")
    tree = Tree((5,), (Branch((6,), 1),))
    one = np.ones(1, dtype=np.int64)
    work = Work(tree, Places(0 * one, one, 0 * one), Edits(0 * one, one, 0 * one, 0 * one))
    with pytest.raises(ValueError, match="edits need vectors"):
        model.executor.predict([work], np.zeros((1, 1), np.int64))
