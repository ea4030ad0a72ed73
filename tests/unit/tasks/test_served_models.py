"""A file of models behind servers: sizes as given or as published, and what is missing is told by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskscope.errors import TaskError
from taskscope.tasks.served_models import load_served

HEAD = "url,model,family,parameters,tokens\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "served.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_given_and_published_sizes(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        HEAD
        + "http://a/v1,mine-small,mine,350M,\nhttp://b/v1,org/opt-1.3b,,,\nhttp://c/v1,opt-125m,other,2B,3T\n",
    )
    found = load_served(path)
    assert [one.url for one in found] == ["http://a/v1", "http://b/v1", "http://c/v1"]
    mine, opt, other = (one.model for one in found)
    assert (mine.name, mine.family, mine.parameters, mine.tokens) == ("mine-small", "mine", 350e6, None)
    assert (opt.name, opt.family) == ("org/opt-1.3b", "OPT") and opt.parameters == pytest.approx(
        1.3e9, rel=0.05
    )
    assert opt.tokens == pytest.approx(180e9)
    assert (other.family, other.parameters, other.tokens) == ("other", 2e9, 3e12)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + "http://a/v1,mine,,,\n", "line 2: where 'mine' stands in a series is not known"),
        (HEAD + "http://a/v1,mine,mine,big,\n", "line 2: where 'mine' stands"),
        (HEAD + "http://a/v1,mine,mine,1B,many\n", "line 2: where 'mine' stands"),
        (HEAD + ",mine,mine,1B,\n", "line 2: no url"),
        ("url,family\nhttp://a/v1,f\n", "line 2: no model"),
        (HEAD, "lists no model"),
    ],
)
def test_what_is_missing_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(TaskError, match=told):
        load_served(written(tmp_path, text))
