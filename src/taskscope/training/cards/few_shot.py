"""Few-shot accuracy by number of demonstrations, beside demonstrations that should not help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taskscope.models.language_model import LanguageModel
from taskscope.stats.intervals import wilson
from taskscope.tasks import registry
from taskscope.tasks.prompts import FORMATS, PromptFormat
from taskscope.tasks.sampling import Draw, draw, shuffle_labels
from taskscope.training.cards.questions import Question, generator
from taskscope.training.documents.splits import Split

COUNTS = (0, 1, 2, 4, 8, 16, 32)
"""Numbers of demonstrations; the first k of the same 32 for every k."""
CONTROL = 8
"""Demonstrations of another task, or with the labels of each other."""
ALIKE = ({"to-upper", "capitalise"}, {"list-first", "first-letter"}, {"list-last", "last-letter"})
"""Tasks of which one also solves the other's queries: never each other's other task."""

Pairs = Sequence[tuple[str, str]]


def measure(
    model: LanguageModel,
    question: Question,
    others: dict[str, tuple[tuple[str, str], ...]],
    n: int,
    seed: int,
    form: PromptFormat = FORMATS["arrow"],
    counts: Sequence[int] = COUNTS,
) -> dict[str, Any]:
    """Measure one question.

    Exact match of the whole answer under greedy decoding (protocol task_vectors 6.10).  An interval counts
    each query once, however often it was drawn: small tasks have fewer queries than draws.

    Args:
        model: What is asked.
        question: Task and facts.
        others: Demonstrations that may be shown instead, by name of the task (`other_tasks`).
        n: Draws.
        seed: Of the draws.
        form: How it is asked.
        counts: Numbers of demonstrations; those beyond what the pool holds are left out.
    """
    rng = generator(seed, question.task.name, question.facts)
    draws = _draws(question, n, rng)
    longest = len(draws[0].demonstrations)
    shown: dict[str, list[Pairs]] = {str(k): [d.pairs[:k] for d in draws] for k in counts if k <= longest}
    if longest >= CONTROL:
        shown["other task"] = [_of_another(question, d, others, rng) for d in draws]
        shown["shuffled"] = [
            shuffle_labels(Draw(d.demonstrations[:CONTROL], d.query, ()), rng) for d in draws
        ]
    prompts = {
        name: [form.render(pairs, d.query.input).text for pairs, d in zip(lists, draws, strict=True)]
        for name, lists in shown.items()
    }
    answers = [[form.answer(y) for y in d.query.answers] for d in draws]
    prompts = {name: texts for name, texts in prompts.items() if _fit(model, texts, answers)}
    correct = model.answer(
        [text for texts in prompts.values() for text in texts], {"gold": answers * len(prompts)}
    ).correct["gold"]
    clusters = len({d.query.cluster for d in draws})
    shares = dict(zip(prompts, correct.reshape(len(prompts), len(draws)).mean(axis=1).tolist(), strict=True))
    told = {name: _with_interval(share, clusters) for name, share in shares.items()}
    return {
        "task": question.task.name,
        "facts": question.facts,
        "listed": question.listed,
        "draws": len(draws),
        "queries": clusters,
        "best_label": question.best_label,
        "copying": question.copying,
        "best_rule": question.best_rule,
        "fit": how_many_fit(model, question, form),
        "by_count": {name: value for name, value in told.items() if name.isdigit()},
        "other_task": told.get("other task"),
        "shuffled": told.get("shuffled"),
    }


def other_tasks(split: Split) -> dict[str, tuple[tuple[str, str], ...]]:
    """Facts seen of every built-in task, by its name: what demonstrations of another task are drawn from."""
    return {
        name: tuple((item.input, item.label) for item in split.items(name, "train"))
        for name in registry.names()
    }


def how_many_fit(model: LanguageModel, question: Question, form: PromptFormat) -> int:
    """Demonstrations of mean length that fit into the context beside the longest query with its answer."""
    lines = [form.render([(item.input, item.label)], "").text for item in question.pool]
    bare = len(model.encode(form.render((), "").text or "\n"))
    mean = np.mean([len(ids) - bare for ids in model.encoder.encode_all(lines)])
    asked = [form.render((), item.input).text + form.answer(item.label) for item in question.queries]
    longest = max(len(ids) for ids in model.encoder.encode_all(asked))
    return int((model.context - longest) // mean)


def _draws(question: Question, n: int, rng: np.random.Generator) -> list[Draw]:
    """Draw queries with as many demonstrations as are asked for, or as the pool holds beside each query."""
    queries = [question.queries[i] for i in rng.permutation(len(question.queries))[:n]]
    room = min(
        sum(item.cluster != query.cluster and item.input != query.input for item in question.pool)
        for query in queries
    )
    return draw(question.demonstrations, queries, n, min(max(COUNTS), room), 0, rng)


def _of_another(
    question: Question, d: Draw, others: dict[str, tuple[tuple[str, str], ...]], rng: Any
) -> Pairs:
    """Draw demonstrations of one other task, in which the query's answer is another or unknown."""
    own = question.task.name
    alike = {own}.union(*(names for names in ALIKE if own in names))
    if d.query.input in d.query.answers:
        alike.add("copy")
    known = [name for name in others if name not in alike and len(others[name]) > CONTROL]
    pairs = others[known[rng.integers(len(known))]]
    chosen = [pairs[i] for i in rng.permutation(len(pairs))[: CONTROL + 1]]
    return [pair for pair in chosen if pair[0] != d.query.input][:CONTROL]


def _fit(model: LanguageModel, prompts: Sequence[str], answers: Sequence[Sequence[str]]) -> bool:
    """Whether every prompt with every answer fits into the context."""
    texts = [prompt + answer for prompt, some in zip(prompts, answers, strict=True) for answer in some]
    return max(map(len, model.tokenizer(texts, verbose=False)["input_ids"])) <= model.context


def _with_interval(share: float, n: int) -> list[float]:
    low, high = wilson(share, n)
    return [share, float(low), float(high)]
