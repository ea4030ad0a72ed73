"""Which prompts are made alike: what is left of them when every word of content is taken out (6.1).

Items of one template are no independent evidence, so they are resampled together. Where a file names no
template, the skeleton stands for it: the small words of English and the punctuation of a prompt, in order,
with one gap for each run of other words and numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

from taskscope.tasks.choices import ChoiceItem

_SMALL = frozenset(
    re.findall(
        r"\w+",
        """
    a about above after again against all also although always am and another any are as at be because
    been before being below between both but by can cannot could did do does doing done down during each
    either else ever every false few for from further had has have having he here how i if in instead
    into is it its itself just last less like likely many may me mean means might more most much must my
    near neither never next no none nor not nothing now of off often on once one only or other our out
    over own per rather same shall should since so some still such than that the their them then there
    therefore these they thing this those though through thus to too true under unless until up upon us
    very was we were what when where whether which while who whom whose why will with within without
    would yes yet you your
    """,
    )
)
_SAME = {
    "an": "a",
    "she": "he",
    "her": "him",
    "his": "him",
    "hers": "him",
    "herself": "himself",
    "are": "is",
    "were": "was",
    "have": "has",
    "do": "does",
    "don": "not",
}
"""Words that only the gender or the number of a neighbour decides."""
_TOKEN = re.compile(r"[^\W\d_]+|\d+(?:[.,:]\d+)*|[^\w\s]|\n+")
_GAP = "_"


def skeleton(prompt: str) -> str:
    """Take the content out of a prompt: ``The film is dull.`` becomes ``the _ is _ .``."""
    shown = map(_shown, _TOKEN.findall(prompt))
    return " ".join(_GAP if same == _GAP else " ".join(run) for same, run in groupby(shown))


@lru_cache(maxsize=1 << 16)
def _shown(token: str) -> str:
    if token[0] == "\n":
        return "/"
    word = _SAME.get(token.lower(), token.lower())
    return word if word in _SMALL or not token[0].isalnum() else _GAP


def clusters(items: Sequence[ChoiceItem]) -> tuple[str, ...]:
    """Return for each item the name of its cluster: the one it was given, else its skeleton."""
    return tuple(item.cluster or skeleton(item.prompt) for item in items)
