"""The page of reference values: ``python -m taskscope.studies.structured_tasks.references.page``.

It needs the data folder that TASKSCOPE_DATA names, takes some minutes, and writes
``structured_tasks_references.md`` with the numbers beside it as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from taskscope.errors import TaskError
from taskscope.studies.structured_tasks.references import anchors, tables
from taskscope.studies.structured_tasks.references.reference import Reference, Table
from taskscope.tasks import classification_registry

NAME = "structured_tasks_references"

_HEAD = """# Structured tasks: reference values without a model

Numbers that the protocol of this study gives and that need no language model, computed anew. *Distance* is
the difference in standard errors of the difference; up to 2 counts as agreement. Written by
`python -m taskscope.studies.structured_tasks.references.page` from the public data folder.
"""

_TOLD: dict[Table, tuple[str, str]] = {
    "tokens": (
        "Logistic regression on token counts (E2)",
        "Macro-F1 in %, C = 1, one training set for each repetition, every class among the "
        "demonstrations, 256 queries. The protocol used 20 repetitions, here there are 100. CR (both "
        "files), SST-2 (train file) and AG News (test file) are the protocol's own texts. Of DBpedia it "
        "had 5,000 texts; the data folder holds five class-balanced samples and one of 256, 2,468 texts "
        "in all. The protocol counts tokens of LLaMA2, whose tokenizer is not in the folder; here they are "
        "GPT-2's, but each digit is a token of its own, as in LLaMA2's. On DBpedia, where texts are full of "
        "years, this matters: with numbers as GPT-2 cuts them the scores are {numbers}. The protocol's 5,000 "
        "texts and LLaMA2's tokenizer, asked once with 100 repetitions (no command here does it), give 14.8, "
        "21.0, 33.9 and 51.9 on DBpedia, and the folder's texts under that tokenizer 14.6, 21.3, 34.2 and "
        "51.6: the texts make no difference. So DBpedia at L = 32 is apart for the tokenizer, and agrees "
        "with the protocol's; at L = 16 it is apart for neither reason, and why is not known. Other readings "
        "of the protocol were tried on all cells up to L = 64 (once, 40 repetitions, "
        "the protocol's texts and tokenizer). As many demonstrations of each class, presence instead of "
        "counts, logarithms of counts, texts of equal length, one model for each class, and a penalty on the "
        "intercept all fit worse. One text of each class and the rest at random fits as well as drawing "
        "again until all classes are there, and leaves DBpedia at L = 16 apart too.",
    ),
    "oracle": (
        "The oracle: features and C chosen on the test texts (E2)",
        "Macro-F1 in % of the configuration that is best on the test texts, in each repetition anew (20 "
        "of them). The features are those of the published grid: words, or words and pairs of words, "
        "without English stop words, beside character n-grams of one to one, two, three or four. C is "
        "0.01, 0.1, 1 or 10, which makes 32 configurations, as many as the protocol has; which values of C "
        "it kept is not said. For AG News and DBpedia at L = 32 it had 8 configurations and 8 repetitions; "
        "here there are 32 configurations throughout, and the best of more lies a little higher. DBpedia's "
        "texts are others, as above. CR at L = 64 is apart. All ten values of C give 57.9 there (asked "
        "once), so it is not for the values left out, and why is not known. Of the 30 cells of both tables "
        "one or two would lie outside two standard errors by chance.",
    ),
    "linear": (
        "The linear map of label embeddings (E3)",
        "Macro-F1 in % with fourteen classes, random embeddings of 512 numbers, 256 queries. The "
        "protocol does not say of how many draws its means are; 100 are assumed for their standard "
        "errors. One step with every class shown does not agree: with independent embeddings it is "
        "already perfect. {shared} The protocol's 57.9 ± 16.1 is what embeddings with such a direction give, "
        "and says more about them than about descent; all other values are a matter of coverage alone.",
    ),
    "chance": (
        "Chance (section 2)",
        "Macro-F1 in % over 256 queries. The standard errors of the protocol's simulated means are "
        "those of 100 draws.",
    ),
    "coverage": ("Classes that demonstrations leave out (P4)", "Fourteen classes drawn alike; chances in %."),
    "maps": (
        "Natural maps against random maps (E5)",
        "Welch's t from the printed means and standard deviations with 500 maps in each group. Two "
        "standard errors stand for all that the rounding of these leaves open. AG News and DBpedia "
        "are recovered. CR / SST-2 is recovered for synonyms and keywords only with the random maps "
        "as the table of E3 gives them, and for antonyms with neither.",
    ),
}


def render(references: Sequence[Reference], remarks: dict[str, str]) -> str:
    """Write the page.

    Args:
        references: All values.
        remarks: Texts for the gaps in the explanations.
    """
    parts = [_HEAD]
    for table, (title, about) in _TOLD.items():
        rows = [r for r in references if r.table == table]
        apart = sum(not r.agrees for r in rows)
        parts.append(
            f"## {title}\n\n{about.format(**remarks)}\n\n{len(rows) - apart} of {len(rows)} agree.\n"
        )
        lines = ["| | | protocol | here | distance | |", "|---|---|---:|---:|---:|---|"]
        lines += [_line(r) for r in rows]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _line(r: Reference) -> str:
    digits = 2 if r.table == "maps" or abs(r.published) < 1 else 1
    there, here = _number(r.published, r.published_sd, digits), _number(r.value, r.sd or None, digits)
    verdict = "agrees" if r.agrees else "**apart**"
    return f"| {r.row} | {r.column} | {there} | {here} | {r.distance:+.1f} | {verdict} |"


def _number(mean: float, sd: float | None, digits: int) -> str:
    return f"{mean:.{digits}f}" + ("" if sd is None else f" ± {sd:.1f}")


def main() -> None:
    """Compute everything and write the page and its numbers."""
    parser = argparse.ArgumentParser(description="Reference values of structured tasks that need no model.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs"))
    folder = parser.parse_args().folder
    data = os.environ.get(classification_registry.DATA_VARIABLE)
    if not data:
        raise TaskError("No data folder is named.", f"{classification_registry.DATA_VARIABLE}=FOLDER")
    references = [
        *tables.token_table(Path(data)),
        *tables.oracle_table(),
        *anchors.linear(),
        *anchors.chance(),
        *anchors.coverage(),
        *anchors.maps(),
    ]
    remarks = {
        "shared": tables.shared_direction(),
        "numbers": tables.whole_numbers(Path(data)),
    }
    numbers = {"references": [r.model_dump(mode="json") for r in references], "remarks": remarks}
    (folder / f"{NAME}.json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    (folder / f"{NAME}.md").write_text(render(references, remarks), encoding="utf-8")


if __name__ == "__main__":
    main()
