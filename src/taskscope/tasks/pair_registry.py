"""Minimal pairs by name or path, and the references by which cells name a paradigm."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from taskscope.errors import TaskError, nearest
from taskscope.runs.cell import TaskRef
from taskscope.tasks import pair_answers, pair_files, pair_grammar, pair_hub, pair_planted, references
from taskscope.tasks.classification_registry import DATA_VARIABLE
from taskscope.tasks.minimal_pairs import Paradigm

OURS = "grammar"
"""Names all paradigms of our own."""
BLIMP = "blimp"
"""Names all of BLiMP, from the data folder; ``blimp/NAME`` is one of its paradigms."""


def names() -> list[str]:
    """Names of the paradigms that need nothing but this package."""
    return list(pair_grammar.NAMES)


def get(name_or_path: str) -> tuple[Paradigm, ...]:
    """Return the paradigms that a name stands for.

    Args:
        name_or_path: One of our paradigms, or ``grammar`` for all, where ``grammar/2000/7`` asks for 2000
            pairs of each, written with seed 7; ``planted-groups`` or one of its tasks, for the model of that
            name; ``mapping`` for the 18 published mapping tasks and ``classified`` for the built-in sets of
            texts, each as right answers against wrong ones, or ``mapping/NAME``; ``blimp`` or ``blimp/NAME``
            from the data folder; the path of a .jsonl file or of a folder of them; or the id of a data set on
            the hub, such as ``nyu-mll/blimp`` or ``nyu-mll/blimp:NAME``.

    Raises:
        TaskError: If it is none of these, or cannot be read.
    """
    path = Path(name_or_path)
    if name_or_path.partition("/")[0] in (pair_answers.MAPPING, pair_answers.CLASSIFIED):
        return pair_answers.get(name_or_path)
    if name_or_path.partition("/")[0] in (OURS, *pair_grammar.NAMES):
        return _ours(name_or_path)
    if name_or_path in (pair_planted.ALL, *pair_planted.NAMES):
        wanted = pair_planted.NAMES if name_or_path == pair_planted.ALL else (name_or_path,)
        return tuple(map(pair_planted.build, wanted))
    if path.suffix.lower() in pair_files.SUFFIXES or path.is_file():
        return pair_files.load_file(path)
    if name_or_path.partition("/")[0] == BLIMP:
        return _published(name_or_path)
    if path.is_dir():
        return pair_files.load_folder(path)
    if name_or_path.partition(":")[0].count("/") == 1:
        return pair_hub.load(name_or_path)
    raise TaskError(
        f"No minimal pairs {name_or_path!r}.",
        f"{OURS}, one of its paradigms ({', '.join(names())}), {pair_planted.ALL}, "
        f"{pair_answers.MAPPING}, {pair_answers.CLASSIFIED}, either with /NAME, {BLIMP}, {BLIMP}/NAME, the "
        "path of a .jsonl file or folder, or the id of a data set on the hub",
        nearest(name_or_path, [*names(), OURS, pair_planted.ALL, *pair_planted.NAMES, BLIMP]),
    )


def ref(paradigm: Paradigm) -> TaskRef:
    """Return the reference that a cell keeps of a paradigm."""
    return TaskRef(name=paradigm.name, fingerprint=paradigm.fingerprint, source=paradigm.source)


def resolve(reference: TaskRef) -> Paradigm:
    """Return the paradigm that a cell refers to.

    Raises:
        TaskError: If it cannot be found, or is not the one that the cell was planned with.
    """
    found = {p.name: p for p in get(reference.source or reference.name)}
    if reference.name not in found:
        raise TaskError(
            f"{reference.source!r} has no paradigm {reference.name!r} any more.",
            "the pairs that its cell was planned with",
            nearest(reference.name, found),
        )
    references.check(found[reference.name].fingerprint, reference, "pairs")
    return found[reference.name]


def _ours(name: str) -> tuple[Paradigm, ...]:
    """Write our paradigms: a name, the number of pairs and the seed, the last two if they are given."""
    wanted, *numbers = name.split("/")
    if len(numbers) > 2 or not all(number.isdecimal() for number in numbers) or "0" in numbers[:1]:
        raise TaskError(f"Minimal pairs {name!r}.", f"{wanted}, {wanted}/PAIRS or {wanted}/PAIRS/SEED")
    made = [
        pair_grammar.build(each, *map(int, numbers))
        for each in (pair_grammar.NAMES if wanted == OURS else (wanted,))
    ]
    if not numbers:
        return tuple(made)
    asked = "/".join(numbers)
    return tuple(p.model_copy(update={"source": f"{p.name}/{asked}"}) for p in made)


def _published(name: str) -> tuple[Paradigm, ...]:
    data = os.environ.get(DATA_VARIABLE)
    if not data:
        raise TaskError(
            f"{name!r} is not part of this package, and {DATA_VARIABLE} names no folder of data.",
            f"{DATA_VARIABLE}=FOLDER, where FOLDER/{BLIMP} holds the .jsonl files of BLiMP",
            f"{OURS}, which is part of it, or nyu-mll/blimp from the hub",
        )
    every = _folder(Path(data) / BLIMP)
    wanted = name.partition("/")[2]
    if not wanted:
        return every
    found = tuple(p for p in every if p.name == wanted)
    if not found:
        known = [p.name for p in every]
        raise TaskError(f"BLiMP has no paradigm {wanted!r}.", "one of its 67", nearest(wanted, known))
    return found


@cache
def _folder(folder: Path) -> tuple[Paradigm, ...]:
    """Read BLiMP; its paradigms are found again by name, wherever the data folder lies."""
    return tuple(p.model_copy(update={"source": f"{BLIMP}/{p.name}"}) for p in pair_files.load_folder(folder))
