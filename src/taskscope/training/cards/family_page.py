"""The page of docs on the family: its figures and tables, made from what is shipped.

python -m taskscope.training.cards.family_page [docs]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from taskscope import pico
from taskscope.report import charts
from taskscope.report.charts import Axis, Rule
from taskscope.report.export import write_figure
from taskscope.report.findings import Figure
from taskscope.training.cards.family import Law, Member, by_checkpoint, law, members, natural_losses, shots
from taskscope.training.cards.gate import FEW, NONE
from taskscope.training.cards.questions import SEEN, UNSEEN

TOKENS = Axis("tokens", "training tokens", log=True, format="~s")
PARAMETERS = Axis("parameters", "parameters without embeddings", log=True, format="~s")
QUANTITIES = {
    "english": ("Held-out English", Axis("value", "bits per byte, WikiText-2 test")),
    "few-shot": ("Few-shot accuracy", Axis("value", "accuracy, mean of the published tasks", format="%")),
    "grammar": ("Grammar", Axis("value", "accuracy on BLiMP", format="%")),
}
SEE = {
    "english": "What a byte of Wikipedia costs the model: lower is better. Bands: 95 % over articles.",
    "few-shot": "By demonstrations, and facts seen in training or held out. Bands: 95 % over tasks.",
    "grammar": "How often the good sentence of a pair is the likelier one. Bands: 95 % over paradigms.",
}
NAME = "pico_family.md"


def figures(family: Sequence[Member]) -> Iterator[Figure]:
    """Draw each quantity against parameters at the end of training, and against tokens along it."""
    for quantity, (title, axis) in QUANTITIES.items():
        rows = by_checkpoint(family, quantity.replace("-", "_"))
        if not rows:
            continue
        rules = [Rule(0.5, "guessing")] if quantity == "grammar" else []
        last = {member.name: member.card["tokens"] for member in family}
        ends = [row for row in rows if row["tokens"] == last[row["model"]]]
        yield _figure(quantity, "size", title, ends, PARAMETERS, axis, "series", rules)
        along = [row for row in rows if row["series"] in ("", shots(FEW, SEEN))]
        yield _figure(quantity, "tokens", title, along, TOKENS, axis, "model", rules)
    losses = Axis("loss", "nats per token, held-out natural text")
    spec = charts.curves(natural_losses(family), TOKENS, losses, series="model")
    yield Figure(
        name="pico-loss-by-tokens",
        title="Loss on held-out natural text along training",
        see="One line for each size, on the same tokens in the same order; lower is better.",
        alt="Held-out loss against training tokens, one line for each size.",
        spec=spec,
    )


def _figure(
    quantity: str,
    against: str,
    title: str,
    rows: list[dict[str, Any]],
    x: Axis,
    y: Axis,
    series: str,
    rules: Sequence[Rule],
) -> Figure:
    named = any(row[series] for row in rows)
    spec = charts.curves(rows, x, y, series=series if named else None, low="low", high="high", rules=rules)
    what = f"{title} against {x.title}"
    return Figure(
        name=f"pico-{quantity}-by-{against}",
        title=what,
        see=SEE[quantity],
        alt=f"{what}, with 95 % intervals.",
        spec=spec,
    )


def text(
    family: Sequence[Member], continued: Sequence[Member], fitted: Law | None, drawn: Sequence[Figure]
) -> str:
    """Write the page; models that were trained on stand in its table alone."""
    lines = [
        "# The pico family in numbers",
        "",
        "Made by `make numbers` from the cards and training logs that are shipped with the models; "
        "[pico](pico.md) says what the family is and why. Few-shot accuracy is the mean over the published "
        "tasks, asked in a format that no training text holds; intervals resample tasks, articles or "
        "paradigms.",
        "",
        *_table([*family, *continued]),
        "",
        *_law(fitted),
    ]
    for figure in drawn:
        lines += [
            "",
            f"## {figure.title}",
            "",
            f"![{figure.alt}](pictures/{figure.name}.svg)",
            "",
            figure.see,
        ]
    return "\n".join(lines) + "\n"


def _table(family: Sequence[Member]) -> list[str]:
    lines = [
        "| model | blocks x width | parameters, without embeddings | tokens | bits per byte | BLiMP | "
        f"published tasks on which {FEW} demonstrations add half or more | accuracy without, facts seen | "
        f"accuracy with {FEW}, facts seen | with {FEW}, facts held out |",
        "|---" * 10 + "|",
    ]
    for member in family:
        card, end = member.card, member.series[-1]
        few_shot = {facts: end["few_shot"].get(facts) for facts in (SEEN, UNSEEN)}
        learned = card["gate"]["learned"]
        cells = [
            f"`{member.name}`",
            f"{card['blocks']} x {card['width']}",
            f"{card['parameters']:,}, {member.parameters:,}",
            f"{card['tokens']:,}",
            _value(end["english"] and (end["english"]["bits_per_byte"], *end["english"]["interval"])),
            _value(end["grammar"] and (end["grammar"]["accuracy"], *end["grammar"]["interval"])),
            f"{learned['n']} of {learned['of']}",
            _value(few_shot[SEEN] and few_shot[SEEN][NONE]),
            *(_value(shares and shares[FEW]) for shares in few_shot.values()),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


_UNBOUNDED = 2.0
"""Exponents from which on a bound says nothing: two sizes alone fit any. None published reaches 1."""


def _law(fitted: Law | None) -> list[str]:
    if fitted is None:
        return ["A scaling law is fitted as soon as three sizes are shipped."]
    constants = fitted.law

    def told(name: str) -> str:
        low, high = fitted.intervals[name]
        upper = f"{high:.3g}" if high < _UNBOUNDED or not name.endswith("exponent") else "no upper bound"
        return f"{getattr(constants, name):.3g} [{low:.3g}, {upper}]"

    return [
        "## A scaling law from the training logs",
        "",
        f"L(N, D) = E + A / N^alpha + B / D^beta, fitted to {fitted.points} held-out losses on natural text "
        "(mean of its sources, nats per token) along all trainings, by the third approach of Hoffmann et al. "
        f"(2022): E = {told('irreducible')}, alpha = {told('size_exponent')}, beta = "
        f"{told('data_exponent')}, A = {constants.size_factor:.3g}, B = {constants.data_factor:.3g}; "
        f"residuals of ln L have a root mean square of {fitted.spread:.4f}.",
        "",
        "Intervals resample whole trainings; with so few they are rough, and the points of one training lie "
        "under a falling learning rate, which makes losses fall faster with tokens than in a series of "
        "finished trainings. Constants of models a thousand times larger are not comparable: the vocabulary, "
        "the text and the share of lists are others.",
    ]


def _value(triple: Any) -> str:
    if not triple:
        return ""
    value, low, high = triple
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    """Write the page and its figures into the folder of docs."""
    parser = argparse.ArgumentParser(description="Draw the family from what is shipped.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs"))
    folder = parser.parse_args().folder
    family = members()
    drawn = list(figures(family))
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    for figure in drawn:
        write_figure(figure, folder / "pictures")
    continued = members(pico.names("continued"))
    (folder / NAME).write_text(text(family, continued, law(family), drawn), encoding="utf-8")


if __name__ == "__main__":
    main()
