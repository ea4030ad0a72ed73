"""The formats of a study asked one by one: the arrow format is that of the cards."""

from __future__ import annotations

import pytest

from taskscope.errors import ModelError
from taskscope.tasks.prompts import FORMATS
from taskscope.training.cards import family, formats
from taskscope.training.cards.gate import FEW, NONE
from taskscope.training.cards.language import FORMAT
from taskscope.training.cards.questions import SEEN


def test_in_the_format_of_the_cards_it_gives_what_the_cards_give() -> None:
    [member] = family.members(["pico-m"])
    tasks, draws = ("to-upper", "location-continent"), member.card["asked"]["draws"]
    [row] = formats.in_formats("pico-m", (FORMAT,), draws, tasks)
    told = [r["by_count"] for r in member.card["few_shot"] if r["task"] in tasks and r["facts"] == SEEN]
    assert (row.n_tasks, row.n_gained) == (2, 2)
    for share, k in ((row.none, NONE), (row.few, FEW)):
        assert share == pytest.approx(sum(each[k][0] for each in told) / 2, abs=0.02)


def test_every_format_is_asked_and_pico_m_knows_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {row.format: row for row in formats.in_formats("pico-m", draws=10, tasks=("to-upper",))}
    assert set(found) == set(FORMATS)
    assert [name for name, row in found.items() if row.n_gained] == [FORMAT]
    monkeypatch.setattr("sys.argv", ["formats", "pico-m"])
    monkeypatch.setattr(formats, "in_formats", lambda model: iter(found.values()))
    formats.main()
    assert len(capsys.readouterr().out.splitlines()) == 2 + len(FORMATS)


def test_a_model_without_a_corpus_is_refused() -> None:
    with pytest.raises(ModelError, match="'planted-vector' was trained on no corpus"):
        next(formats.in_formats("planted-vector"))
