"""Task and score files that nobody would write: read, or refused with a message, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hostile_files import CHOICES, fuzz, hostile, lines
from hypothesis import example, given
from hypothesis import strategies as st

from taskscope.errors import TaskscopeError
from taskscope.tasks import choice_files, files, labelled_files, pair_files
from taskscope.tasks.score_files import load_scores
from taskscope.tasks.served_models import load_served

MAPPING = json.dumps({"name": "mine", "items": [{"input": w, "output": w.upper()} for w in "abcd"]}).encode()
TEXTS = lines(*({"text": f"text {n}", "label": "good" if n % 2 else "bad"} for n in range(6)))
PAIRS = lines(*({"good": f"The cat sleeps {n}.", "bad": f"The cat sleep {n}."} for n in range(3)))
READERS: dict[str, tuple[str, bytes, Callable[[Path], Any]]] = {
    "mapping, JSON": ("x.json", MAPPING, files.load),
    "mapping, CSV": ("x.csv", b"input,output\na,A\nb,B\nc,C\n", files.load),
    "texts, JSON lines": ("x.jsonl", TEXTS, labelled_files.load),
    "texts, CSV": ("x.csv", b"text,label\none,good\ntwo,bad\nthree,good\nfour,bad\n", labelled_files.load),
    "choices, JSON lines": ("x.jsonl", CHOICES, choice_files.load),
    "choices, CSV": ("x.csv", b"prompt,classes,answer_index\nQ,\"[' a', ' b']\",1\n", choice_files.load),
    "pairs, JSON lines": ("x.jsonl", PAIRS, pair_files.load_file),
    "served models": ("x.csv", b"url,model,family,parameters,tokens\nhttp://h,m,f,1.3B,3B\n", load_served),
}


@pytest.mark.parametrize("name", READERS)
def test_task_files(tmp_path: Path, name: str) -> None:
    file, sample, read = READERS[name]
    path = tmp_path / file
    path.write_bytes(sample)
    read(path)  # the sample itself is good

    @fuzz
    @given(hostile(sample))
    @example(b'"')
    @example(sample.replace(b"1", b"\x1d1"))
    @example(sample.replace(b"1", b"9" * 5000))
    def is_read_or_refused(content: bytes) -> None:
        path.write_bytes(content)
        try:
            read(path)
        except TaskscopeError as error:
            assert error.given

    is_read_or_refused()


SCORES = b"index,loss,correct,total_logprob\n1,0.5,1,-0.1\n2,1.5,0,-0.2\n"
LOG = lines(
    *(
        {
            "doc_id": number,
            "target": "1",
            "arguments": {"gen_args_0": {"arg_1": " yes"}, "gen_args_1": {"arg_1": " no"}},
            "filtered_resps": [["-1.5", "False"], ["-0.5", "True"]],
            "filter": "none",
            "acc": 1.0,
            "doc_hash": f"{number:064x}",
        }
        for number in range(2)
    )
)
SIZES = b"model,family,parameters,tokens\nm,f,1B,3B\nn,f,2B,\n"


@pytest.mark.parametrize(
    ("pattern", "sample"), [("{}.csv", SCORES), ("{}/samples_t_2025-03-01T10-00-00.0.jsonl", LOG)]
)
def test_score_files(tmp_path: Path, pattern: str, sample: bytes) -> None:
    paths = [tmp_path / pattern.format(model) for model in "mn"]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(sample)
    (tmp_path / "models.csv").write_bytes(SIZES)
    assert len(load_scores(tmp_path).items) == 2

    @fuzz
    @given(hostile(sample), st.just(SIZES) | hostile(SIZES))
    @example(sample.replace(b'"1"', '"²"'.encode()), SIZES)
    @example(sample.replace(b'"1"', b'"' + b"9" * 5000 + b'"'), SIZES)
    @example(sample.replace(b'"-1.5"', b"1" + b"0" * 400), SIZES)
    def are_read_or_refused(scores: bytes, sizes: bytes) -> None:
        paths[0].write_bytes(scores)
        (tmp_path / "models.csv").write_bytes(sizes)
        try:
            load_scores(tmp_path)
        except TaskscopeError as error:
            assert error.given

    are_read_or_refused()
