"""Rules that count over the whole: V3 size, V9 labels, V13 number of classes, V16 clusters, V17 controls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from taskscope.tasks.choice_columns import Row
from taskscope.tasks.choice_validation.issues import Issue
from taskscope.tasks.skeletons import skeleton

FEWEST, ADVISED = 300, 1000
"""Items that the contest asked for, and those that it advised."""
MOST_OF_ONE = 0.6
"""Share of one answer above which bias may pass for skill."""
FEWEST_CLUSTERS = 20
LONGEST = 10_000
"""Right answers that are counted apart; of more, the rarer half is forgotten."""


class Size:
    """V3: 300 items at least, 1,000 advised; controls do not count."""

    def __init__(self) -> None:
        self._n = 0

    def see(self, row: Row) -> Iterator[Issue]:
        """Count the item."""
        self._n += row.item is not None and not row.item.control
        yield from ()

    def done(self) -> Iterator[Issue]:
        """Compare with what was asked for."""
        if self._n < FEWEST:
            yield Issue("V3", "error", None, f"{self._n} items, where at least {FEWEST} are needed.")
        elif self._n < ADVISED:
            yield Issue("V3", "warning", None, f"{self._n} items, where {ADVISED} are advised.")


class Labels:
    """V9: no answer is right far more often than another."""

    def __init__(self) -> None:
        self._indices: Counter[int] = Counter()
        self._texts: Counter[str] = Counter()

    def see(self, row: Row) -> Iterator[Issue]:
        """Count the right class, by its place and by its text."""
        if row.item is not None and not row.item.control and row.metric != "sequence":
            self._indices[row.item.answer] += 1
            self._texts[row.item.classes[row.item.answer]] += 1
            if len(self._texts) > LONGEST:
                self._texts = Counter(dict(self._texts.most_common(LONGEST // 2)))
        yield from ()

    def done(self) -> Iterator[Issue]:
        """Compare the most frequent with the whole."""
        n = self._indices.total()
        if not n:
            return
        text, n_text = self._texts.most_common(1)[0]
        index, n_index = self._indices.most_common(1)[0]
        if n_text == n and n > 1:
            message = (
                f"Degenerate: {text!r} is right in every item, so that a constant bias passes for skill."
            )
            yield Issue("V9", "error", None, message)
            return
        if n_text > MOST_OF_ONE * n:
            yield Issue("V9", "warning", None, f"{text!r} is right in {n_text / n:.0%} of {n} items.")
        elif n_index > MOST_OF_ONE * n:
            message = (
                f"answer_index {index} is right in {n_index / n:.0%} of {n} items, though no one text is."
            )
            yield Issue("V9", "warning", None, message)


class Classes:
    """V13: the number of classes varies, which is allowed and moves the baseline."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def see(self, row: Row) -> Iterator[Issue]:
        """Count the classes."""
        if row.item is not None:
            self._counts[len(row.item.classes)] += 1
        yield from ()

    def done(self) -> Iterator[Issue]:
        """Name the numbers."""
        if len(self._counts) > 1:
            told = ", ".join(f"{n} items with {k}" for k, n in sorted(self._counts.items()))
            yield Issue("V13", "warning", None, f"The number of classes varies: {told}.")


class Clusters:
    """V16: items from few templates are little evidence, however many they are."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._inferred = False

    def see(self, row: Row) -> Iterator[Issue]:
        """Note the cluster of an item, or its skeleton where none is named."""
        if row.item is not None and not row.item.control and len(self._names) < FEWEST_CLUSTERS:
            self._inferred |= not row.item.cluster
            self._names.add(row.item.cluster or skeleton(row.item.prompt))
        yield from ()

    def done(self) -> Iterator[Issue]:
        """Count the clusters."""
        if 0 < len(self._names) < FEWEST_CLUSTERS:
            how = ", by their wording; a column cluster or template would say" if self._inferred else ""
            message = f"{len(self._names)} templates or clusters{how}; {FEWEST_CLUSTERS} or more are advised."
            yield Issue("V16", "warning", None, message)


class Controls:
    """V17: a control set shows that the form itself does not mislead."""

    def __init__(self) -> None:
        self._any = False

    def see(self, row: Row) -> Iterator[Issue]:
        """Look for a control."""
        self._any |= row.item is not None and row.item.control
        yield from ()

    def done(self) -> Iterator[Issue]:
        """Say that there is none."""
        if not self._any:
            message = "No row is a control (column control): the same form without what should mislead."
            yield Issue("V17", "warning", None, message)
