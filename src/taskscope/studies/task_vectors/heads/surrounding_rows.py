"""What marks the rows of function vectors in other surroundings; answers have the columns of all others."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

PART, REBUILT = "function vector elsewhere", "rebuilt function vector"
TEMPLATES, TEXT = "other templates", "plain text"
"""What stands around the query."""
WHOLE, TOP = "rebuilt from the whole vocabulary", "rebuilt from the 100 likeliest tokens"
"""What is added in the place of the function vector (FV-7)."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
REBUILDING = pa.schema(
    [
        ("part", _TEXT),
        ("target", _TEXT),
        ("condition", _TEXT),
        ("nats", pa.float32()),  # how far the read-out is from what was imitated (Kullback-Leibler)
        ("cosine", pa.float32()),  # with the function vector: 1 where it has come back itself
    ]
)


def rebuilt_rows(target: str, nats: Mapping[str, float], cosine: Mapping[str, float]) -> pa.Table:
    """Lay out how the rebuilt vectors of one task compare with the function vector."""
    rows = [
        {"part": REBUILT, "target": target, "condition": name, "nats": n, "cosine": cosine[name]}
        for name, n in nats.items()
    ]
    return pa.Table.from_pylist(rows, schema=REBUILDING)
