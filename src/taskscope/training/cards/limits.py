"""What a small language model of this family cannot show, in plain words beside its own numbers."""

from __future__ import annotations

from typing import Any

from taskscope.models.checkpoints import STARTED
from taskscope.training.documents.kinds import LISTS


def limits(card: dict[str, Any]) -> list[str]:
    """Say what must not be read into a card; numbers are those of this model."""
    size = card["parameters_without_embeddings"]
    grammar = card["grammar"]
    judged = (
        f" On minimal pairs of English grammar it is right in {100 * grammar['overall']['accuracy']:.0f} % "
        "of cases, where guessing is right in 50 %: for claims about grammar it is weak material."
        if grammar
        else " Its grammar was not measured here, and models of this size are weak at it."
    )
    lists = _share_of_lists(card)
    return [
        f"This is a model of {size:,} parameters beside its embeddings, thousands of times smaller than "
        "the models "
        "whose in-context learning is discussed in the literature. It does not write a page of sensible "
        "English." + judged,
        "",
        "Its few-shot learning was taught on purpose: "
        + lists
        + "lists of one line after another in many formats "
        "stand in its training text far more often than in any natural text, and most facts of the "
        "tasks occur "
        "hundreds of times. That it follows demonstrations says that such a network can, not that plain "
        "text leads "
        "to it. On facts seen in training it recalls; learning from the demonstrations alone is what "
        "the held-out "
        "facts and held-out tasks below show, and where those numbers are at their floor it cannot do it.",
        "",
        "A mechanism found in it, or missing from it, is a fact about this network and this recipe. It "
        "says nothing "
        "about large models: sizes differ by orders of magnitude, the words by thousands to one, and "
        "abilities that "
        "come with scale have not come yet. The world it was told about is a few lists of words, "
        "countries and "
        "persons; it should not be asked for facts.",
    ]


def _share_of_lists(card: dict[str, Any]) -> str:
    """Name the share of few-shot lists in the training tokens, where it is known."""
    if card["data"] is None:
        return ""
    kinds = card["data"]["kinds"]
    share = sum(told["share"] for kind, told in kinds.items() if kind in LISTS)
    which = "the tokens of its second training" if STARTED in card else "its training tokens"
    return f"{100 * share:.0f} % of {which} are few-shot lists; "
