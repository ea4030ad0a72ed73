"""The card of the smoother and of its null model: whether attention is the kernel it was built to be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from taskscope.models.loading import load
from taskscope.tasks import texts
from taskscope.tasks.classification import ClassificationTask, Text
from taskscope.tasks.prompts import PromptFormat
from taskscope.training.smoother import network, words

FORMAT = PromptFormat("input-output", start="Input: ", arrow="\nOutput:", space=" ", end=words.BREAK)
N_QUERIES, SHOWN, SEED = 64, 16, 0


def weights(demonstrations: list[Text], query: Text) -> np.ndarray:
    """Return the kernel's share of each demonstration, (demonstration,) summing to 1 (protocol 2.8)."""
    x = words.mean_features(query.text)
    kernel = np.exp(
        [network.SHARPNESS * float(words.mean_features(text.text) @ x) for text in demonstrations]
    )
    return kernel / kernel.sum()


def vote(shares: np.ndarray, demonstrations: list[Text], n_classes: int) -> np.ndarray:
    """Add the shares of each class up, (class,)."""
    return np.bincount([text.label for text in demonstrations], shares, minlength=n_classes)


def measure(folder: Path, on_part: Callable[[str], None] = lambda name: None) -> dict[str, Any]:
    """Ask a folder and compare its answers, and every head's votes, with the kernel's.

    Args:
        folder: What `smoother.shipping` wrote.
        on_part: Called with the name of each part before it is measured.

    Returns:
        What stands in ``card.json``.
    """
    recipe = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    facts = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    model = load(str(folder))
    scores = []
    for name in texts.NAMES:
        on_part(name)
        scores.append({"task": name, **_score(model, texts.build(name))})
    return {
        **recipe,
        "blocks": network.BLOCKS,
        "width": 2 * network.HALF,
        "parameters": sum(p.numel() for p in model.hf.parameters()),
        "licence": "Apache-2.0",
        **facts,
        "sharpness": round(network.SHARPNESS, 4),
        "measured": {"queries": N_QUERIES, "demonstrations": SHOWN, "seed": SEED},
        "scores": scores,
    }


def n_parts() -> int:
    """Count the parts that `measure` names."""
    return len(texts.NAMES)


def derived(_card: dict[str, Any]) -> dict[str, Any]:
    """Return what a card says that follows from its measurements: nothing."""
    return {}


def _score(model: Any, task: ClassificationTask) -> dict[str, Any]:
    """Return accuracy, the share of answers that the kernel and each head's vote give, and the best head."""
    rng = np.random.default_rng(SEED)
    asked = [rng.permutation(len(task.pool))[:SHOWN] for _ in range(N_QUERIES)]
    shown = [[task.pool[i] for i in some] for some in asked]
    prompts = [
        FORMAT.render([(t.text, task.labels[t.label]) for t in some], query.text).text
        for some, query in zip(shown, task.test[:N_QUERIES], strict=True)
    ]
    ids = [tuple(model.encode(prompt)) for prompt in prompts]
    labels = [tuple(words.token_ids(model.tokenizer, [label])) for label in task.labels]
    answers = model.classify(ids, [labels] * len(ids)).argmax(axis=1)
    by_kernel, by_head = [], []
    for tokens, some, query, row in zip(
        ids, shown, task.test[:N_QUERIES], model.last_rows(ids).rows, strict=True
    ):
        by_kernel.append(vote(weights(some, query), some, len(labels)).argmax())
        places = [i for i, token in enumerate(tokens) if (token,) in labels]
        classes = np.eye(len(labels))[[text.label for text in some]]
        by_head.append((row[..., places] @ classes).argmax(axis=-1))
    agreement = (np.array(by_head) == answers[:, None, None]).mean(axis=0)
    block, head = np.unravel_index(agreement.argmax(), agreement.shape)
    others = np.delete(agreement.ravel(), agreement.argmax())
    gold = np.array([text.label for text in task.test[:N_QUERIES]])
    return {
        "accuracy": round(float((answers == gold).mean()), 4),
        "as_the_kernel": round(float((answers == np.array(by_kernel)).mean()), 4),
        "best_head": [int(block), int(head)],
        "best_agreement": round(float(agreement.max()), 4),
        "next_agreement": round(float(others.max()), 4),
    }


def render(card: dict[str, Any]) -> str:
    """Turn the content of ``card.json`` into the text of ``README.md``."""
    asked = card["measured"]
    lines = [
        "---",
        "license: apache-2.0",
        "library_name: transformers",
        "tags: [taskscope, planted, smoother]",
        "---",
        "",
        f"# {card['name']}",
        "",
        card["summary"],
        "",
        f"A GPT-2 of {card['blocks']} blocks, width {card['width']}, {card['parameters']:,} parameters, "
        "written by hand and not trained; its feed-forward parts are zero. Write it again with "
        "`python -m taskscope.training.smoother.shipping`. Licence Apache-2.0.",
        "",
        "It knows the words of the built-in sets of texts and no others, in prompts whose demonstrations end "
        "with an empty line and whose labels are those of the sets. The x of a text is the mean of its "
        "words' features: one number for each class they speak for, and a small code of their own. The "
        f"kernel is exp({card['sharpness']} x . x').",
        "",
        f"{asked['queries']} queries a set, {asked['demonstrations']} demonstrations drawn afresh for each. "
        "*as the kernel*: share of answers that the kernel regression gives, worked out without the model. "
        "*best head*: whose attention over the labels, as a vote, gives the model's answers most often; "
        "found on the same queries.",
        "",
        "| set | accuracy | as the kernel | best head | its vote | next best |",
        "|---|---|---|---|---|---|",
    ]
    for s in card["scores"]:
        block, head = s["best_head"]
        lines.append(
            f"| {s['task']} | {s['accuracy']:.2f} | {s['as_the_kernel']:.2f} | block {block}, head {head} | "
            f"{s['best_agreement']:.2f} | {s['next_agreement']:.2f} |"
        )
    return "\n".join(lines) + "\n"
