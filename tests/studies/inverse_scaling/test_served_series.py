"""A series behind servers scores as the same model does here, and is judged like any other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from completions_server import Behaviour, serving
from taskscope.cli.console import OK
from taskscope.cli.main import app
from taskscope.errors import ModelError, StudyError
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load
from taskscope.models.served import ServedModel
from taskscope.models.server import Server
from taskscope.runs.store import RunFolder
from taskscope.studies import runner
from taskscope.studies.inverse_scaling import measure as measuring
from taskscope.studies.inverse_scaling import served as asking
from taskscope.studies.inverse_scaling.asked import find
from taskscope.studies.inverse_scaling.exporting import export
from taskscope.studies.request import RunRequest, StudyRequest
from taskscope.tasks.choices import ChoiceItem, ChoiceTask


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load("pico-xs")


def backed_by(model: LanguageModel) -> Behaviour:
    """A server of this very model: its tokens as texts, and log p of each next one."""
    texts = [model.decode([token]) for token in range(model.hf.config.vocab_size)]
    before = model.tokenizer_probe.before
    known: dict[tuple[int, ...], np.ndarray] = {}
    cache: dict[tuple[str, ...], list[int]] = {}

    def split(text: str) -> list[str]:
        ids = model.encode(text)[len(before) :]
        cache[tuple(texts[token] for token in ids)] = list(ids)
        return [texts[token] for token in ids]

    def after(tokens: Sequence[str]) -> dict[str, float]:
        shown = tuple(tokens)[len(before) :]
        whole = next(ids for key, ids in cache.items() if key[: len(shown)] == shown)
        ids = (*before, *whole[: len(shown)])
        full = (*before, *whole)
        if full not in known:
            with torch.no_grad():
                known[full] = (
                    model.hf(input_ids=torch.tensor([full])).logits[0].double().log_softmax(-1).numpy()
                )
        row = known[full][len(ids) - 1]
        return _Row(row, {text: token for token, text in enumerate(texts)})

    return Behaviour(split, after, before=tuple(texts[token] for token in before))


class _Row(dict[str, float]):
    """Log p by text of a token; of tokens with one text the last counts, which the tests' texts never are."""

    def __init__(self, row: np.ndarray, number: dict[str, int]) -> None:
        super().__init__({text: float(row[token]) for text, token in number.items()})


@pytest.fixture(scope="module")
def behaviour(model: LanguageModel) -> Behaviour:
    return backed_by(model)


@pytest.fixture
def served(behaviour: Behaviour) -> Iterator[ServedModel]:
    behaviour.echo, behaviour.chat_form = True, False
    with serving(behaviour) as url:
        yield ServedModel(Server(url, "pico-xs"))


@pytest.mark.parametrize("name", ["memo-trap", "prompt-injection"])
def test_scores_equal_those_of_the_model_itself(model: LanguageModel, served: ServedModel, name: str) -> None:
    task = find(name, 5, 0)
    local, remote = measuring.score(model, task), asking.score(served, task)
    assert local.left_out == remote.left_out == [""] * 5
    np.testing.assert_allclose(remote.first, local.first, atol=1e-4)


def test_both_prompts_of_log_odds_are_asked(model: LanguageModel, served: ServedModel) -> None:
    item = ChoiceItem(prompt="The sky is", other_prompt="Grass is", classes=(" green", " red"))
    task = ChoiceTask(name="t", title="T", description="", metric="log-odds", items=(item,))
    local, remote = measuring.score(model, task), asking.score(served, task)
    np.testing.assert_allclose(remote.first, local.first, atol=1e-4)
    np.testing.assert_allclose(remote.second, local.second, atol=1e-4)
    assert abs(remote.first - remote.second).max() > 0.01


def test_next_tokens_alone_give_the_same_for_likely_classes(
    model: LanguageModel, behaviour: Behaviour, served: ServedModel
) -> None:
    behaviour.echo, behaviour.chat_form = False, True
    prompt = "One day a girl"
    tops = behaviour.after([*behaviour.before, *behaviour.split(prompt)])
    likely = sorted(tops, key=lambda text: -tops[text])
    classes = tuple(text for text in likely[:20] if text.startswith(" "))[:2]
    far = next(text for text in likely[200:] if text.startswith(" ") and text.strip().isalpha())
    items = (ChoiceItem(prompt=prompt, classes=classes), ChoiceItem(prompt=prompt, classes=(classes[0], far)))
    task = ChoiceTask(name="t", title="T", description="", items=items)
    local, remote = measuring.score(model, task), asking.score(served, task)
    np.testing.assert_allclose(remote.first[0], local.first[0], atol=1e-4)
    assert np.isnan(remote.first[1]).all() and repr(far) in remote.left_out[1]
    with pytest.raises(StudyError, match="which the completions of prompt-injection need"):
        asking.score(served, find("prompt-injection", 3, 0))


def test_a_series_behind_servers_is_measured_and_exported(behaviour: Behaviour, tmp_path: Path) -> None:
    behaviour.echo, behaviour.chat_form = True, False
    with serving(behaviour) as url:
        listed = tmp_path / "served.csv"
        lines = "".join(f"{url},m{n},mine,{10**n}M,\n" for n in range(2))
        listed.write_text("url,model,family,parameters,tokens\n" + lines, encoding="utf-8")
        changed = {
            "tasks": ["memo-trap"],
            "n_items": 4,
            "beside": False,
            "draws": 100,
            "served": [str(listed)],
        }
        request = RunRequest(
            studies=(StudyRequest(study="inverse-scaling", overrides=changed),), models=(), command="test"
        )
        plan = runner.plan(request)
        store: RunFolder = runner.open_folder(tmp_path / "run", plan)
        outcome = runner.execute(plan, store, lambda event: None)
    assert not outcome.failures and outcome.measured == 2
    assert {request["model"] for request in behaviour.asked[-4:]} <= {"m0", "m1"}
    (study,) = runner.conclude(store)
    assert {finding.model for finding in study.findings} == {"mine by size"}
    rows = store.rows().to_pylist()
    assert sorted({(row["member"], row["parameters"]) for row in rows}) == [("m0", 1e6), ("m1", 1e7)]
    (folder,) = export(store, tmp_path / "scores")
    assert {path.stem for path in folder.glob("m?.csv")} == {"m0", "m1"}


def test_two_served_models_of_one_size_are_no_series(tmp_path: Path) -> None:
    listed = tmp_path / "served.csv"
    row = "http://localhost:1/v1,{},mine,1B,\n"
    listed.write_text(
        "url,model,family,parameters,tokens\n" + row.format("a") + row.format("b"), encoding="utf-8"
    )
    request = RunRequest(
        studies=(StudyRequest(study="inverse-scaling", overrides={"served": [str(listed)]}),),
        models=(),
        command="test",
    )
    with pytest.raises(StudyError, match="a and b of mine have 1,000,000,000 parameters each"):
        runner.plan(request)


def test_the_command_line_takes_a_list_of_servers_as_a_series(tmp_path: Path) -> None:
    """Planning asks no server."""
    listed = tmp_path / "served.csv"
    listed.write_text(
        "url,model,family,parameters,tokens\n"
        "http://localhost:1/v1,small,mine,10M,\n"
        "http://localhost:1/v1,large,mine,1B,\n",
        encoding="utf-8",
    )
    command = ["run", "inverse-scaling", "--series", str(listed), "-t", "neqa", "--dry-run"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == OK, result.output
    assert "2 cells" in result.output


def test_an_address_that_is_none_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    listed = tmp_path / "served.csv"
    listed.write_text("url,model,family,parameters\nlocalhost:8000,m,mine,1B\n", encoding="utf-8")
    request = RunRequest(
        studies=(StudyRequest(study="inverse-scaling", overrides={"served": [str(listed)]}),),
        models=(),
        command="test",
    )
    with pytest.raises(ModelError, match="such as http://localhost:8000/v1"):
        runner.plan(request)
