"""Planted learners: their words, their lessons, where heads are asked to look, and a short training."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from taskscope.tasks import texts
from taskscope.training import card, recipes, trainer
from taskscope.training.cards import learners
from taskscope.training.cards.learner_probe import CONDITIONS, LearnerProbe
from taskscope.training.documents import planted_words
from taskscope.training.documents.fresh_tasks import MOST_CLASSES, FreshTasks
from taskscope.training.documents.lessons import Demonstration, FixedTasks, Phase, lay_out
from taskscope.training.documents.planted_texts import TextWriter, domains, short_domains
from taskscope.training.documents.planted_words import WordIds
from taskscope.training.documents.two_halves import COMPOSED, TwoHalves
from taskscope.training.text_recipes import LEARNERS

TOKENIZER = planted_words.tokenizer()
IDS = WordIds(TOKENIZER)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from([*texts.NAMES, *texts.FEW]), st.integers(0, 100), st.integers(0, 4), st.booleans())
def test_a_prompt_is_cut_the_same_with_and_without_its_label(name, number, k, held_out):
    task = texts.build(name)
    pool = [(item.text, task.labels[item.label]) for item in task.pool[number : number + k]]
    prompt = task.render(pool, task.test[number].text).text
    words = planted_words.images("held-out" if held_out else "trained")
    cut, longer = IDS.encode(prompt), IDS.encode(f"{prompt} {words[number % len(words)]}")
    assert longer[:-1] == cut
    assert TOKENIZER.unk_token_id not in longer
    assert TOKENIZER.decode(longer) == f"{prompt} {words[number % len(words)]}"


def test_every_word_of_texts_and_lists_is_a_token_of_its_own():
    words = sorted(planted_words.text_words() | planted_words.listed_words())
    assert len(set(IDS.of(words).tolist())) == len(words)
    spans = TOKENIZER("\nReview: A dull film.", return_offsets_mapping=True)["offset_mapping"]
    assert spans == [(0, 8), (8, 10), (10, 15), (15, 20), (20, 21)]
    assert TOKENIZER.convert_ids_to_tokens(IDS.encode(" film xyzzy"))[1] == TOKENIZER.unk_token


def test_held_out_words_are_read_and_never_answered():
    held_out, trained = (set(planted_words.images(use)) for use in ("held-out", "trained"))
    assert held_out <= planted_words.text_words()
    assert not held_out & (trained | planted_words.own_labels() | planted_words.listed_words())
    assert len(held_out) >= 24


@pytest.mark.parametrize("name", sorted(domains()))
def test_texts_and_labels_are_those_of_the_built_in_sets(name):
    task, domain = texts.build(name), domains()[name]
    assert domain.labels == task.labels
    assert (domain.text_field, domain.label_field) == (task.text_field, task.label_field)
    found = {word.strip(".,!?") for item in task.pool for word in item.text.split()}
    assert found <= domain.words
    writer, rng = TextWriter(domain, IDS.encode), np.random.default_rng(0)
    signals = set(domain.signals[task.labels[0]])
    told = [
        bool(signals & set(str(TOKENIZER.decode(writer(0, rng))).strip(" .!").split())) for _ in range(200)
    ]
    assert np.mean(told) > 0.85


@pytest.mark.parametrize("name", texts.FEW)
def test_short_texts_are_those_of_the_sets_of_few_words(name):
    task, domain = texts.build(name), short_domains()[name.removesuffix("-few")]
    assert (domain.labels, domain.text_field) == (task.labels, task.text_field)
    writer, rng = TextWriter(domain, IDS.encode, stray=0.0), np.random.default_rng(0)
    for c in range(len(task.labels)):
        known = {tuple(IDS.encode(f" {item.text}")) for item in (*task.pool, *task.test) if item.label == c}
        written = [tuple(writer(c, rng)) for _ in range(200)]
        assert len({len(text) for text in (*known, *written)}) == 1
        assert sum(text in known for text in written) > 50


def test_fixed_tasks_hold_each_pair_of_label_words_in_both_orders():
    tasks = FixedTasks(IDS).tasks
    one, other = (tasks[f"sentiment, other words{how}"][1].tolist() for how in ("", " exchanged"))
    assert one == other[::-1]


@pytest.fixture(scope="module", params=[recipe.name for recipe in LEARNERS])
def short(request):
    """Each recipe, so short that it knows nothing."""
    recipe = recipes.get(request.param)
    update = {"steps": 4, "checkpoint_every": 2, "tokens_per_step": 120}
    return recipe.model_copy(update={**update, "phases": (Phase(demonstrations=4),)})


def test_stopped_and_resumed_is_the_same_as_never_stopped(short, tmp_path):
    whole = trainer.train(short, tmp_path / "whole", device="cpu")

    def stop(progress):
        if progress.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trainer.train(short, tmp_path / "stopped", device="cpu", on_progress=stop)
    resumed = trainer.train(short, tmp_path / "stopped", device="cpu")
    assert (resumed.weights, resumed.tokens) == (whole.weights, whole.tokens)


def test_the_card_of_a_short_training_says_what_it_lacks(tmp_path, monkeypatch):
    recipe = recipes.get("selector").model_copy(update={"steps": 1, "tokens_per_step": 120})
    trainer.train(recipe, tmp_path, device="cpu")
    monkeypatch.setattr(learners, "N_QUERIES", 2)
    monkeypatch.setattr(learners, "COUNTS", (1, 2))
    parts = []
    written = card.write_card(tmp_path, parts.append)
    assert len(parts) == card.n_parts(tmp_path)
    assert card.disagreements(tmp_path, json.loads((tmp_path / card.CARD).read_text()), written) == []
    assert not all(check["holds"] for check in written["checks"])
    assert "texts in a fresh cipher" in (tmp_path / card.README).read_text()


def test_asking_scores_the_right_word(monkeypatch, tmp_path):
    """A model that knows the answers gets every query right, one that names the next class none."""
    recipe = recipes.get("selector").model_copy(update={"steps": 1, "tokens_per_step": 120})
    probe = LearnerProbe(trainer.train(recipe, tmp_path, device="cpu").folder)
    task = texts.build("topics")
    asked = []
    ask = probe._ask
    monkeypatch.setattr(probe, "_ask", lambda *given: asked.append(ask(*given)) or asked[-1])
    for place, expected in ((0, 1.0), (1, 0.0)):
        asked.clear()

        def logits(prompts, place=place):
            out = torch.zeros(len(prompts), IDS.size)
            for row, prompt in zip(out, prompts, strict=True):
                row[next(choices for known, choices in asked if known == prompt)[place]] = 1
            return out

        monkeypatch.setattr(probe, "_logits", logits)
        for condition in CONDITIONS:
            assert probe.accuracy(condition, task, 3, 8, 0) == expected


def test_every_label_but_the_first_is_asked_for_and_none_is_held_out():
    lessons, rng = FixedTasks(IDS), np.random.default_rng(0)
    for _ in range(60):
        _, shown = lessons(Phase(demonstrations=12), rng)
        assert [d.asked for d in shown] == [False] + [True] * 11
        assert not set(IDS.held_out.tolist()) & {d.label for d in shown}


def test_fresh_tasks_are_fresh_and_ask_only_what_was_shown():
    lessons, rng = FreshTasks(IDS), np.random.default_rng(0)
    words, told = set(), set()
    for _ in range(60):
        _, shown = lessons(Phase(demonstrations=12), rng)
        seen = set()
        for d in shown:
            assert d.asked == (d.label in seen)
            seen.add(d.label)
            words |= set(d.text)
        assert len(seen) <= MOST_CLASSES
        assert not seen & set(IDS.held_out.tolist())
        told |= seen
    assert words <= set(IDS.content.tolist())
    assert len(words) > 0.8 * len(IDS.content)
    assert len(told) > 100


def test_no_judged_label_is_ever_renamed_over_a_text():
    """Texts stand under other words for four topics alone, and no answer is asked under texts' own labels."""
    lessons, rng = TwoHalves(IDS), np.random.default_rng(0)
    composed = set(IDS.of(list(COMPOSED)).tolist())
    judged = {label for name in texts.FEW for label in IDS.of(list(texts.build(name).labels)).tolist()}
    assert not composed & judged
    kinds = {"task": 0, "renaming": 0, "both": 0}
    for _ in range(200):
        _, shown = lessons(Phase(demonstrations=8), rng)
        named = {d.original: d.label for d in shown}
        assert all(named[d.original] == d.label for d in shown)
        assert not {d.label for d in shown} & set(IDS.held_out.tolist())
        if all(list(d.text) == [d.original] for d in shown):
            kinds["renaming"] += 1
            assert sum(d.asked for d in shown) == len(shown) - len(named)
        elif any(d.asked for d in shown):
            kinds["both"] += 1
            assert set(named) <= composed
        else:
            kinds["task"] += 1
            assert all(own == label for own, label in named.items())
    assert min(kinds.values()) > 30


def test_layout_by_hand():
    shown = [Demonstration([5, 6], 9, False), Demonstration([5], 3, True, 4)]
    batch = lay_out([((7, 8), shown), ((7, 8), shown[1:])], 0)
    assert batch.tokens.tolist() == [[7, 5, 6, 8, 9, 7, 5, 8, 3], [7, 5, 8, 3, 0, 0, 0, 0, 0]]
    assert np.argwhere(batch.asked).tolist() == [[0, 7], [1, 2]]
    assert batch.original.tolist() == [[-1] * 7 + [4, -1], [-1, -1, 4] + [-1] * 6]
