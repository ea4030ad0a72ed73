"""Names that stand for a series, and where a model stands in it."""

from __future__ import annotations

import pytest

from taskscope import pico
from taskscope.errors import ModelError
from taskscope.models.identity import identify
from taskscope.models.series import GIVEN, PICO, expand, names, place
from taskscope.models.spec import ModelSpec


def test_the_built_in_family_goes_from_small_to_large() -> None:
    sizes = [identify(ModelSpec(name=name)).n_parameters for name in expand(PICO)]
    assert expand(PICO) == pico.names("weights")
    assert sizes == sorted(set(sizes))


def test_checkpoints_come_in_the_order_of_training_and_end_with_the_model() -> None:
    found = expand("pico-s")
    assert found[-1] == "pico-s"
    read = [identify(ModelSpec(name=name)).tokens or 0 for name in found]
    assert len(found) > 4 and read == sorted(set(read))


@pytest.mark.parametrize("family", [name for name in names() if name != PICO])
def test_models_of_a_published_family_know_it(family: str) -> None:
    places = [place(f"{name}@main", name, 1) for name in expand(family)]
    assert len({one.family for one in places}) == 1
    assert all(one.finished for one in places)


def test_a_revision_of_a_published_model_knows_its_tokens() -> None:
    steps = expand("EleutherAI/pythia-160m")
    assert steps[0] == "EleutherAI/pythia-160m@step1000"
    early = place(
        "EleutherAI/pythia-160m@abc", "pythia-160m@step1000", 162_000_000, checkpoint_of="pythia-160m"
    )
    whole = place("EleutherAI/pythia-160m@def", "pythia-160m", 162_000_000)
    assert (early.tokens, early.finished, early.member) == (1000 * 2_097_152, False, "pythia-160m")
    assert whole.tokens == 299_892_736_000 and whole.finished
    assert whole.flops == 6.0 * 162_000_000 * 299_892_736_000


def test_a_model_of_no_known_family_is_one_of_those_given() -> None:
    assert place("me/mine@abc", "mine", 10).family == GIVEN
    assert place("me/mine@abc", "mine", 10).flops is None


def test_parameters_without_embeddings_are_counted_from_the_files() -> None:
    found = identify(ModelSpec(name="pico-s"))
    assert found.body_parameters is not None
    assert found.n_parameters - found.body_parameters == 4096 * 48


@pytest.mark.parametrize(("name", "told"), [("picco", "pico"), ("planted-vector", "none of the checkpoints")])
def test_an_unknown_series_is_refused(name: str, told: str) -> None:
    with pytest.raises(ModelError) as caught:
        expand(name)
    assert told in str(caught.value)
