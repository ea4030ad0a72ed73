"""Log-probabilities of label words equal scoring each prompt with each label on its own."""

import numpy as np
import pytest
from toys import FAMILIES, toy

from taskscope.errors import TaskError
from taskscope.models.batching import Route

SHOWN = "a fine film: good\na dull play: bad\n"
PROMPTS = [f"{SHOWN}{text}:" for text in ("a dull film", "what a play", "fine")]


@pytest.mark.parametrize("labels", [(" good", " bad"), (" quite good", " bad")], ids=["words", "phrases"])
@pytest.mark.parametrize("route", ["branches", "rows"])
@pytest.mark.parametrize("family", FAMILIES)
def test_labels_score_as_continuations_do(family: str, route: Route, labels: tuple[str, ...]) -> None:
    model = toy(family, route)
    pairs = [[model.encode_pair(prompt, label) for label in labels] for prompt in PROMPTS]
    prompts = [tuple(some[0][0]) for some in pairs]
    found = model.classify(prompts, [[tuple(rest) for _, rest in some] for some in pairs])
    requests = [(prompt, label) for prompt in PROMPTS for label in labels]
    assert found.shape == (len(PROMPTS), len(labels))
    np.testing.assert_allclose(found.ravel(), model.score(requests), rtol=1e-5)


def test_labels_of_one_token_are_read_off_one_distribution() -> None:
    """Labels of one token and the same labels scored as if they were longer give the same numbers."""
    model = toy("gpt2")
    prompts = [tuple(model.encode(prompt)) for prompt in PROMPTS]
    single = model.classify(prompts, [[(5,), (9,)]] * len(prompts))
    mixed = model.classify(prompts, [[(5,), (9,), (5, 9)]] * len(prompts))
    np.testing.assert_allclose(single, mixed[:, :2], rtol=1e-5)


def test_a_prompt_that_leaves_no_room_for_its_label_is_refused() -> None:
    model = toy("gpt2")
    full = tuple([5] * model.context)
    with pytest.raises(TaskError, match=f"{model.context + 1} tokens"):
        model.classify([full], [[(7,), (8,)]])
