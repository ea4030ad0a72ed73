"""The tables that take data or time: bags of words, the oracle, and what explains where values are apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from taskscope.studies.structured_tasks.references import anchors, bag_of_words, published
from taskscope.studies.structured_tasks.references.reference import Reference, Table
from taskscope.tasks import classification_registry

REPETITIONS, ORACLE_REPETITIONS = 100, 20


def token_table(data: Path, repetitions: int = REPETITIONS) -> list[Reference]:
    """Compute the table of token counts.

    Args:
        data: The public data folder.
        repetitions: Training sets for each cell.
    """
    encode = bag_of_words.gpt2_encoder(data / "tokenizers" / "gpt2")
    found = []
    for name in dict.fromkeys(name for name, _ in published.TOKENS):
        items = bag_of_words.texts_of(classification_registry.get(name))
        labels = np.array([item.label for item in items])
        tokens = [encode(item.text) for item in items]
        for (of, n_demos), mean in published.TOKENS.items():
            if of == name:
                scores = bag_of_words.token_scores(name, tokens, labels, n_demos, repetitions)
                sd = published.TOKENS_SD.get((name, n_demos))
                found.append(_compared("tokens", name, f"L = {n_demos}", mean, sd, scores))
    return found


def oracle_table(repetitions: int = ORACLE_REPETITIONS) -> list[Reference]:
    """Compute the table of the oracle: in each repetition the best configuration counts."""
    found = []
    for (name, n_demos), mean in published.ORACLE.items():
        items = bag_of_words.texts_of(classification_registry.get(name))
        labels = np.array([item.label for item in items])
        scores = bag_of_words.oracle_scores(name, [i.text for i in items], labels, n_demos, repetitions)
        sd = published.ORACLE_SD.get((name, n_demos))
        seeds = published.ORACLE_SEEDS.get((name, n_demos), published.N_SEEDS)
        best = scores.max(axis=1)
        found.append(_compared("oracle", name, f"L = {n_demos}", mean, sd, best, seeds))
    return found


def _compared(
    table: Table,
    row: str,
    column: str,
    mean: float,
    sd: float | None,
    scores: np.ndarray,
    seeds: int = published.N_SEEDS,
) -> Reference:
    spread = float(scores.std(ddof=1))
    return Reference(
        table=table,
        row=row,
        column=column,
        published=mean,
        published_sd=sd,
        published_error=(sd or spread) / seeds**0.5,
        value=float(scores.mean()),
        sd=spread,
        error=spread / len(scores) ** 0.5,
    )


def shared_direction(runs: int = 200) -> str:
    """Say what one step of descent scores when embeddings have a direction in common."""
    rng, told = np.random.default_rng(0), []
    for size in (0.3, 0.5, 0.7):
        scores = anchors.linear_scores(32, True, 1, runs, rng, shared=size)
        told.append(f"{scores.mean():.0f} ± {scores.std(ddof=1):.0f} at {size} standard deviations")
    return f"It falls when all embeddings have a direction in common: {', '.join(told)}."


def whole_numbers(data: Path, repetitions: int = REPETITIONS) -> str:
    """Say what logistic regression scores on DBpedia where GPT-2's tokenizer leaves numbers together."""
    items = bag_of_words.texts_of(classification_registry.get("dbpedia"))
    labels, told = np.array([item.label for item in items]), []
    encode = bag_of_words.gpt2_encoder(data / "tokenizers" / "gpt2", digits_apart=False)
    tokens = [encode(item.text) for item in items]
    for name, n in published.TOKENS:
        if name == "dbpedia":
            score = bag_of_words.token_scores("dbpedia", tokens, labels, n, repetitions).mean()
            told.append(f"{score:.1f} at L = {n}")
    return ", ".join(told)
