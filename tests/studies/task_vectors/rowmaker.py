"""Rows written by hand: every outcome is stated, so that every number can be checked by counting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from taskscope.studies.task_vectors.conditions import PLAIN, SCHEMA, SWEPT

N_BLOCKS = 8
NOWHERE = (0,) * N_BLOCKS


def only_at(block: int, right: int, n_blocks: int = N_BLOCKS) -> tuple[int, ...]:
    """So many right answers at one block, none elsewhere."""
    return tuple(right if b == block else 0 for b in range(n_blocks))


def task_rows(
    task: str,
    right: Mapping[str, int | Sequence[int]],
    n: int = 20,
    dev: Mapping[str, int | Sequence[int]] | None = None,
    leak: int = 0,
    begun: int = 0,
    model: str = "toy",
    seed: int = 0,
    queries: int | None = None,
    label_share: float = 0.01,
) -> pa.Table:
    """Rows of one task: in each split the first so many of n pairs are right.

    Args:
        task: Name.
        right: Condition -> right answers, one number per block where swept; missing ones have none.
        n: Pairs per split.
        dev: Right answers on development pairs where they differ.
        leak: The last so many pairs answer with a dummy's answer under theta at every block.
        begun: So many answers more begin right and go on wrong, under every condition.
        model: Label.
        seed: Seed.
        queries: Distinct queries per split; n by default.
        label_share: Share of the query's label; 1.0 makes it the majority label too.
    """
    records = []
    for split, counts in (("dev", dev or right), ("test", right)):
        for pair in range(n):
            for condition in (*PLAIN, *SWEPT):
                swept = condition in SWEPT
                for block in range(_width(right)) if swept else (-1,):
                    count = counts.get(condition, 0)
                    if not isinstance(count, int):
                        count = count[block]
                    correct = pair < count
                    records.append(
                        {
                            "model": model,
                            "task": task,
                            "seed": seed,
                            "split": split,
                            "pair": pair,
                            "cluster": f"{split}-{pair % (queries or n):03d}",
                            "label": f"label-{pair}",
                            "label_share": label_share,
                            "majority": label_share == 1.0,
                            "condition": condition,
                            "block": block,
                            "correct": correct,
                            "first_correct": pair < count + begun,
                            "leak": condition == "hypothesis" and pair >= n - leak,
                            "logprob": -1.0,
                        }
                    )
    front = [("model", pa.string()), ("task", pa.string()), ("seed", pa.int64())]
    return pa.Table.from_pylist(records, schema=pa.schema([*front, *SCHEMA]))


def _width(right: Mapping[str, int | Sequence[int]]) -> int:
    lengths = [len(count) for count in right.values() if not isinstance(count, int)]
    return lengths[0] if lengths else N_BLOCKS


def world(n_tasks: int, right: Mapping[str, int | Sequence[int]], **more: object) -> pa.Table:
    """Several tasks that behave alike."""
    tables = [task_rows(f"task-{i}", right, **more) for i in range(n_tasks)]  # type: ignore[arg-type]
    return pa.concat_tables(tables)
