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
        "demonstrations, 256 queries. The protocol counts tokens of LLaMA2, which cannot be passed "
        "on; here they are GPT-2's. The protocol used 20 repetitions, here there are 200. CR (both "
        "files), SST-2 (train file) and AG News (test file) are the protocol's own texts. DBpedia is "
        "not: the protocol drew from 5,000 texts that are not in the data folder, here there are five "
        "class-balanced samples and one of 256, 2,468 texts in all, and scores are higher throughout. "
        "The tokenizer accounts for part of that: with LLaMA2's a demonstration has 88 tokens, its "
        "fields among them, and where GPT-2's merges are cut down to reach such a length scores fall "
        "({numbers}). The texts differ too: the oracle below, which uses no tokenizer, is higher "
        "on them as well.",
    ),
    "oracle": (
        "The oracle: features and C chosen on the test texts (E2)",
        "Macro-F1 in % of the configuration that is best on the test texts, 32 configurations: words "
        "or words and pairs of words, with or without English stop words, with or without character "
        "n-grams up to four, C of 0.01, 0.1, 1 or 10. Which 32 the protocol used is not known, nor "
        "whether the best was chosen once for all repetitions or for each repetition. In the second "
        "reading all but two cells agree: DBpedia, of which the texts are others, and CR at L = 32, "
        "where the protocol's value is higher for a reason that was not found.",
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
