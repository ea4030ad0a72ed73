"""The planted smoother is the kernel regression of protocol 2.8, worked out here from words alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from taskscope import pico
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load
from taskscope.tasks import texts
from taskscope.tasks.classification import ClassificationTask
from taskscope.training import card
from taskscope.training.smoother import network, words

TOLERANCE = 1e-5
N, SHOWN = 12, 16
TEMPLATES = ("Input: {}\nOutput:", "Review: {}\nSentiment:", "Q: {}\nA:")
NAMES = ("planted-smoother", "null-smoother")


@pytest.fixture(scope="module")
def planted() -> LanguageModel:
    return load("planted-smoother")


def folder(name: str) -> Path:
    found = pico.folder(name)
    assert found is not None
    return found


class Asked:
    """Prompts on one task, and what 2.8 says of them: every number from the words of the texts."""

    def __init__(
        self, task: ClassificationTask, template: str = TEMPLATES[0], seed: int = 0, n: int = N
    ) -> None:
        rng = np.random.default_rng(seed)
        self.prompts, shares, votes, self.labels = [], [], [], list(task.labels)
        for query in task.test[:n]:
            shown = [task.pool[i] for i in rng.permutation(len(task.pool))[:SHOWN]]
            parts = [f"{template.format(t.text)} {task.labels[t.label]}\n\n" for t in shown]
            self.prompts.append("".join(parts) + template.format(query.text))
            scores = np.array([x_of(t.text) @ x_of(query.text) for t in shown]) * 256 / np.sqrt(32)
            share = np.exp(scores - scores.max())
            shares.append(share / share.sum())
            classes = np.array([t.label for t in shown])
            votes.append([shares[-1][classes == label].sum() for label in range(len(task.labels))])
        self.shares, self.votes = np.array(shares), np.array(votes)


def x_of(text: str) -> np.ndarray:
    table = dict(zip(words.known(), words.features(), strict=True))
    return np.mean([table[word] for word in text.replace(",", "").rstrip(".!?").split()], axis=0)


def label_logprobs(model: LanguageModel, asked: Asked) -> np.ndarray:
    tokens = [tuple(model.encode(prompt)) for prompt in asked.prompts]
    labels = [tuple(words.token_ids(model.tokenizer, [label])) for label in asked.labels]
    return model.classify(tokens, [labels] * len(tokens))


@pytest.mark.parametrize("name", texts.NAMES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_answers_and_attention_are_the_kernel_regression(
    planted: LanguageModel, name: str, template: str
) -> None:
    asked = Asked(texts.build(name), template, n=6)
    assert planted.tokenizer.unk_token_id not in planted.encode("".join(asked.prompts[:1]))
    logp = label_logprobs(planted, asked)
    found, wanted = logp / network.SHOWN, asked.votes
    np.testing.assert_allclose(found - found[:, :1], wanted - wanted[:, :1], rtol=0, atol=TOLERANCE)
    assert np.exp(logp).sum(axis=1).min() > 0.5 / len(words.labels())
    labels = words.token_ids(planted.tokenizer, asked.labels)
    block, head = network.VOTER
    read = planted.last_rows(asked.prompts)
    assert read.route == "registered"
    for prompt, row, shares in zip(asked.prompts, read.rows, asked.shares, strict=True):
        at = [i for i, token in enumerate(planted.encode(prompt)) if token in labels]
        np.testing.assert_allclose(row[block, head, at], shares, rtol=0, atol=TOLERANCE)


def agreement(model: LanguageModel, asked: Asked) -> np.ndarray:
    """Share of answers that each head's vote gives, (block, head)."""
    labels = words.token_ids(model.tokenizer, asked.labels)
    answers = label_logprobs(model, asked).argmax(axis=1)
    hits = []
    for prompt, row, answer in zip(asked.prompts, model.last_rows(asked.prompts).rows, answers, strict=True):
        tokens = model.encode(prompt)
        votes = [row[..., [i for i, t in enumerate(tokens) if t == label]].sum(-1) for label in labels]
        hits.append(np.argmax(votes, axis=0) == answer)
    return np.mean(hits, axis=0)


@pytest.mark.parametrize("name", ["sentiment", "topics"])
def test_the_smoother_is_the_head_whose_vote_is_the_answer(planted: LanguageModel, name: str) -> None:
    found = agreement(planted, Asked(texts.build(name), seed=3, n=40))
    assert found[network.VOTER] == 1
    found[network.VOTER] = 0
    assert found.max() < 0.8


def test_no_head_of_the_null_model_votes_for_its_answers() -> None:
    asked = Asked(texts.build("topics"), seed=4, n=40)
    null = load("null-smoother")
    assert agreement(null, asked).max() < 0.6
    gold = np.array([text.label for text in texts.build("topics").test[:40]])
    assert (label_logprobs(null, asked).argmax(axis=1) == gold).mean() > 0.8, "it answers well all the same"


def test_order_does_not_matter_and_labels_do(planted: LanguageModel) -> None:
    task = texts.build("sentiment")
    asked = Asked(task, n=1)
    parts = asked.prompts[0].split("\n\n")
    turned = "\n\n".join([*parts[-2::-1], parts[-1]])
    swapped = (
        asked.prompts[0].replace("positive", "?").replace("negative", "positive").replace("?", "negative")
    )
    asked.prompts = [asked.prompts[0], turned, swapped]
    plain, other_order, other_labels = label_logprobs(planted, asked)
    np.testing.assert_allclose(other_order, plain, atol=network.SHOWN * TOLERANCE)
    np.testing.assert_allclose(other_labels, plain[::-1], atol=network.SHOWN * TOLERANCE)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shipped_is_what_is_written_here(name: str) -> None:
    built = network.build(words.tokenizer(), null=name == "null-smoother").state_dict()
    stored = load_file(folder(name) / "model.safetensors")
    assert built.keys() == stored.keys()
    assert all(torch.equal(built[key], stored[key].float()) for key in built)
    written = json.loads((folder(name) / card.CARD).read_text())
    assert card.is_current(folder(name))
    assert card.render(written) == (folder(name) / "README.md").read_text()
    assert sum(path.stat().st_size for path in folder(name).iterdir()) < 1e6


def test_codes_of_segments_keep_them_apart() -> None:
    codes = network._positions()[:, network.At.position].double()
    products = codes @ codes.T
    far = (torch.arange(len(codes))[:, None] - torch.arange(len(codes))).abs() >= 11
    assert products[far].max() < 0.7
    assert (products.diagonal() - 1).abs().max() < 0.01
