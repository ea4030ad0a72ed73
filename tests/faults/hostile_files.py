"""Files that nobody would write: made from good ones, or from nothing; for the tests of every reader.

`TASKSCOPE_FUZZ` sets how many files each reader is given (`make soak`: enough for 10,000 in all).
"""

from __future__ import annotations

import json
import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

CASES = int(os.environ.get("TASKSCOPE_FUZZ", "60"))
fuzz = settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

ODD_TEXT = [
    "",
    "\x00",
    "\ufeff",
    "NaN",
    "1e999",
    "-1",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "\u202e",
    "💥",
]
odd_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(ODD_TEXT) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(ODD_TEXT) | st.text(max_size=5), inner)
    ),
    max_leaves=8,
)


@st.composite
def spoiled(draw: st.DrawFn, sample: bytes) -> bytes:
    """Bytes of a good file with some cut out, doubled, replaced, or moved."""
    data = bytearray(sample)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        to = min(len(data), at + draw(st.integers(0, 40)))
        kind = draw(st.sampled_from(["cut", "double", "replace", "odd", "end"]))
        if kind == "cut":
            del data[at:to]
        elif kind == "double":
            data[at:at] = data[at:to]
        elif kind == "replace":
            data[at:to] = draw(st.binary(max_size=12))
        elif kind == "odd":
            data[at:to] = draw(st.sampled_from(ODD_TEXT)).encode()
        else:
            del data[at:]
    return bytes(data)


@st.composite
def rearranged(draw: st.DrawFn, sample: bytes) -> bytes:
    """A good JSON file or line with one value replaced by another kind of value, or dropped."""
    lines = (
        sample.decode().splitlines()
        if sample.lstrip().startswith(b"{") and b"}\n{" in sample
        else [sample.decode()]
    )
    at = draw(st.integers(0, len(lines) - 1))
    value = json.loads(lines[at])
    place: Any = value
    for _ in range(draw(st.integers(0, 4))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys)) if keys else None
        if key is None or not isinstance(place[key], dict | list) or draw(st.booleans()):
            if key is not None and draw(st.booleans()):
                place[key] = draw(odd_values)
            elif key is not None:
                del place[key]
            break
        place = place[key]
    lines[at] = json.dumps(value)
    return "\n".join(lines).encode()


def hostile(sample: bytes) -> st.SearchStrategy[bytes]:
    """What may stand where a good file is expected."""
    kinds = [spoiled(sample), st.binary(max_size=60)]
    if sample.lstrip()[:1] in (b"{", b"["):
        kinds += [rearranged(sample), odd_values.map(lambda value: json.dumps(value).encode())]
    return st.one_of(kinds)


def lines(*rows: Any) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


CHOICES = lines(
    *({"prompt": f"Item {n}:", "classes": [" yes", " no"], "answer_index": n % 2} for n in range(4))
)
