"""The tables that take data or time: bags of words, the oracle, and what explains where values are apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from taskscope.studies.structured_tasks.references import anchors, bag_of_words, published
from taskscope.studies.structured_tasks.references.reference import Reference, Table
from taskscope.tasks import classification_registry

REPETITIONS, ORACLE_REPETITIONS = 200, 20


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
    """Compute the table of the oracle, in both readings of "the best configuration"."""
    found = []
    for (name, n_demos), mean in published.ORACLE.items():
        items = bag_of_words.texts_of(classification_registry.get(name))
        labels = np.array([item.label for item in items])
        scores = bag_of_words.oracle_scores(name, [i.text for i in items], labels, n_demos, repetitions)
        sd = published.ORACLE_SD.get((name, n_demos))
        once = scores[:, scores.mean(axis=0).argmax()]
        found.append(_compared("oracle", f"{name}, L = {n_demos}", "chosen once", mean, sd, once))
        each = scores.max(axis=1)
        found.append(_compared("oracle", f"{name}, L = {n_demos}", "chosen each time", mean, sd, each))
    return found


def _compared(
    table: Table, row: str, column: str, mean: float, sd: float | None, scores: np.ndarray
) -> Reference:
    spread = float(scores.std(ddof=1))
    return Reference(
        table=table,
        row=row,
        column=column,
        published=mean,
        published_sd=sd,
        published_error=(sd or spread) / published.N_SEEDS**0.5,
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


def smaller_vocabularies(data: Path, repetitions: int = REPETITIONS) -> str:
    """Say what logistic regression scores on DBpedia when GPT-2's merges are cut down."""
    items = bag_of_words.texts_of(classification_registry.get("dbpedia"))
    labels, told = np.array([item.label for item in items]), []
    for merges in (None, 31_700, 8_000):
        encode = bag_of_words.gpt2_encoder(data / "tokenizers" / "gpt2", merges)
        tokens = [encode(item.text) for item in items]
        few, many = (
            bag_of_words.token_scores("dbpedia", tokens, labels, n, repetitions).mean() for n in (32, 128)
        )
        which = f"its first {merges:,}" if merges else "all its merges"
        length = np.mean([len(ids) for ids in tokens])
        told.append(f"{which}, {length:.0f} tokens a text: {few:.1f} at L = 32 and {many:.1f} at L = 128")
    return "; ".join(told)
