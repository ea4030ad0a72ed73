"""A language model's card: measured again from the shipped folder alone, it is the same."""

from __future__ import annotations

import copy
import json
import shutil

import pytest

from taskscope.errors import ModelError
from taskscope.models.checkpoints import STARTED
from taskscope.tasks import registry
from taskscope.training import card, shipping, trainer
from taskscope.training.cards import english, series
from taskscope.training.cards.comparing import LOSS, SHARE, differences
from taskscope.training.cards.language import CORPORA, PAIRS, Effort
from taskscope.training.corpus.packed import PackedCorpus
from taskscope.training.corpus.sources import BUNDLED
from taskscope.training.language import CHECKPOINTS, EVALUATIONS
from taskscope.training.language_recipes import SMOKE

LITTLE = Effort(draws=4, pairs=3, articles=1, tasks=("to-upper", "en-es", "list-second"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return trainer.train(SMOKE, tmp_path_factory.mktemp("pico-smoke"), corpus=BUNDLED, device="cpu").folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data folder with one article and one paradigm."""
    folder = tmp_path_factory.mktemp("data")
    (folder / CORPORA / english.SOURCE).mkdir(parents=True)
    (folder / CORPORA / english.SOURCE / english.FILE).write_text(
        " = A title = \n \n Some words stand here , and <unk> too . \n", encoding="utf-8"
    )
    (folder / PAIRS).mkdir()
    about = {"UID": "one", "linguistics_term": "binding", "field": "syntax", "simple_LM_method": True}
    rows = [
        {**about, "pairID": i, "sentence_good": f"{it} is so", "sentence_bad": f"{it} am so"}
        for i, it in enumerate(("it", "she"))
    ]
    (folder / PAIRS / "one.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def shipped(trained, data, tmp_path_factory):
    out = tmp_path_factory.mktemp("shipped")
    shipping.ship(trained, out, data=data, kept=SMOKE.milestones[1:2], effort=LITTLE)
    return out


def read(folder) -> dict:
    return json.loads((folder / card.CARD).read_text(encoding="utf-8"))


def test_a_model_trained_on_says_so_and_counts_both_trainings(shipped, trained, tmp_path):
    folder = shutil.copytree(shipped, tmp_path / "on")
    facts = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    facts[STARTED] = {"model": "pico-s", "tokens": 1_000_000}
    (folder / "training.json").write_text(json.dumps(facts), encoding="utf-8")
    written = card.write_card(folder, effort=Effort(draws=2, tasks=("to-upper",)))
    assert written["tokens"] == 1_000_000 + facts["tokens"]
    text = " ".join((folder / card.README).read_text(encoding="utf-8").split())
    assert f"pico-s, which had read 1,000,000 tokens, trained on {facts['tokens']:,} more" in text
    assert "is on the card of pico-s." in text and "of the tokens of its second training" in text
    steps = series.write(folder, written, effort=Effort(draws=2, tasks=("to-upper",)))
    own = SMOKE.milestones[1] * SMOKE.tokens_per_step
    assert [point["tokens"] for point in steps] == [1_000_000 + own, written["tokens"]]
    shutil.rmtree(folder / CHECKPOINTS)
    given_up = series.write(folder, written, effort=Effort(draws=2, tasks=("to-upper",)))
    assert given_up == [{**steps[0], series.SHIPPED: False}, steps[1]]
    assert series.write(folder, written, effort=Effort(draws=2, tasks=("to-upper",))) == given_up
    trained_again = {**written, "tokens": written["tokens"] + 1}
    [end] = series.write(folder, trained_again, effort=Effort(draws=2, tasks=("to-upper",)))
    assert end["tokens"] == trained_again["tokens"], "what led to another end says nothing of this one"


def test_the_card_tells_what_it_was_trained_on(shipped, trained):
    written, corpus = read(shipped), PackedCorpus(trained / trainer.CORPUS)
    assert written["data"]["sources"]["paragraphs"]["licence"] == "Apache-2.0"
    assert sum(kind["tokens"] for kind in written["data"]["kinds"].values()) == SMOKE.mixture.tokens
    assert written["corpus"] == corpus.fingerprint
    assert written["parameters"] - written["parameters_without_embeddings"] == 512 * 32
    assert str(trained) not in json.dumps(written)
    text = (shipped / card.README).read_text(encoding="utf-8")
    for kind in ("natural", *SMOKE.mixture.shares):
        assert f"| {kind} | {SMOKE.mixture.all_shares[kind]:.3f} |" in text


def test_losses_on_task_documents_are_those_of_the_corpus(shipped, trained):
    """The same documents are written again from the recipe, and the weights are those that were evaluated."""
    corpus = PackedCorpus(trained / trainer.CORPUS)
    last = json.loads((shipped / EVALUATIONS).read_text().splitlines()[-1])["held_out"]
    told = read(shipped)["documents"]
    assert set(told) == {part for part in corpus.held_out_parts if not part.startswith("natural")}
    for part, measured in told.items():
        assert measured["nats_per_token"] == pytest.approx(last[part], rel=0.05)
        assert measured["interval"][0] <= measured["nats_per_token"] <= measured["interval"][1]


def test_the_shipped_folder_gives_its_card_again(shipped, data):
    again = card.measure(shipped, data=data, effort=LITTLE)
    assert card.disagreements(shipped, read(shipped), again) == []
    assert json.loads(json.dumps(again)) == read(shipped)
    assert (shipped / "checkpoints" / f"step-{SMOKE.milestones[1]}" / "model.safetensors").exists()
    assert not (shipped / "checkpoint.pt").exists()


def test_the_series_ends_with_the_card_and_begins_with_the_checkpoint(shipped, data):
    first, last = json.loads((shipped / series.SERIES).read_text())
    written = read(shipped)
    assert [first["step"], last["step"]] == [SMOKE.milestones[1], SMOKE.steps]
    assert last["english"]["bits_per_byte"] == written["english"]["bits_per_byte"]
    assert first["english"]["bits_per_byte"] != last["english"]["bits_per_byte"]
    seen = [
        row for row in written["few_shot"] if row["facts"] == "seen"
    ]  # to-upper and en-es: both published
    assert last["few_shot"]["seen"]["tasks"] == len(seen) == 2
    shares = [row["by_count"]["8"][0] for row in seen]
    assert last["few_shot"]["seen"]["8"][0] == pytest.approx(sum(shares) / 2)
    assert min(shares) <= last["few_shot"]["seen"]["8"][1] <= last["few_shot"]["seen"]["8"][2] <= max(shares)
    end = series.measure(shipped, SMOKE, data=data, effort=LITTLE)
    assert end == {key: last[key] for key in end}  # the same weights give the same numbers either way


def test_what_needs_data_is_left_out_and_named(shipped, data, tmp_path):
    (tmp_path / CORPORA).mkdir()
    for folder, reason in ((None, "no data folder"), (tmp_path, "no folder blimp")):
        if folder is not None:
            (tmp_path / CORPORA / english.SOURCE).mkdir()
            source = data / CORPORA / english.SOURCE / english.FILE
            (tmp_path / CORPORA / english.SOURCE / english.FILE).write_bytes(source.read_bytes())
        partly = card.measure(shipped, data=folder, effort=LITTLE)
        assert reason in partly["left_out"]["grammar"]
        assert ("english" in partly["left_out"]) == (folder is None)
        assert card.disagreements(shipped, read(shipped), partly) == []
        assert "## Not measured" in card.render(partly)


def test_the_parts_that_will_be_measured_are_counted(trained, data, monkeypatch):
    parts: list[str] = []
    monkeypatch.setattr(registry, "names", lambda group=None: ["to-upper", "en-es", "copy"])
    monkeypatch.setattr("taskscope.training.cards.language.Effort", lambda: Effort(draws=2))
    monkeypatch.setattr(card, "Effort", lambda: Effort(draws=2))
    card.measure(trained, parts.append, data=data)
    assert len(parts) == len(set(parts)) == card.n_parts(trained, data)


@pytest.mark.parametrize(
    ("path", "change", "found"),
    [
        (("few_shot", 0, "by_count", "8", 0), SHARE / 2, ""),
        (("few_shot", 0, "by_count", "8", 0), 2 * SHARE, "few_shot/to-upper, seen/by_count/8/0"),
        (("english", "bits_per_byte"), LOSS / 2, ""),
        (("english", "bits_per_byte"), 2 * LOSS, "english/bits_per_byte"),
        (("documents", "lists/seen", "nats_per_token"), -2 * LOSS, "documents/lists/seen/nats_per_token"),
        (("grammar", "overall", "accuracy"), 0.05, "grammar/overall/accuracy"),
        (("parameters",), 1, "parameters"),
    ],
)
def test_a_number_that_was_changed_is_found(shipped, path, change, found):
    stored, measured = read(shipped), read(shipped)
    place = measured
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] += change
    lines = differences(stored, measured)
    assert len(lines) == bool(found)
    assert all(line.startswith(found + ":") for line in lines)


def test_a_gate_or_a_text_that_does_not_follow_is_found(shipped):
    stored = read(shipped)
    claimed = copy.deepcopy(stored)
    claimed["gate"]["learned"]["n"] = 18
    lines = card.disagreements(shipped, claimed, stored)
    assert [line.partition(":")[0] for line in lines] == ["gate", card.README]


def test_a_folder_that_was_not_trained_here_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"no recipe\.json"):
        card.measure(tmp_path)
