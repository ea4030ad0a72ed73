"""How to read the overview in two minutes, and the words it uses: the same on every page."""

from __future__ import annotations

GUIDE = (
    "Each row is one published account of what a model does with a task it is shown. It is made of numbered "
    "claims; a claim is what was put to the test.",
    "A coloured word beside a claim is its verdict on one model. It compares the measured interval with the "
    "strongest control, never with a published number. Click it for the finding it rests on; a dash means "
    "that this claim was not asked of this model.",
    "Supported and contradicted are both results. Inconclusive is one too: it says that this measurement "
    "cannot tell, and the card of the finding says why.",
    "Click an account for its figures. Colour is the measurement, grey and dashed are controls, hollow "
    "diamonds are published values. The sentence above each figure says what to see in it.",
    "Under the figures stand the findings, each in one sentence with its number, its interval and its "
    "controls; behind the disclosures every number, as a table to download.",
    "The command at the foot repeats the run; provenance says which weights, tasks and code it was.",
)
"""Sentences in order."""

GLOSSARY = (
    ("demonstration", "An example shown in the prompt with its answer; the model learns nothing but this."),
    ("query", "What the model is asked after the demonstrations."),
    ("account", "A body of published work that says what a model does with a task it is shown."),
    ("claim", "One numbered statement of an account that a measurement could prove wrong."),
    ("control", "A measurement that says what the number would be if the claim were false."),
    ("interval", "How far other queries of this kind could move the number, 95 times in 100."),
    ("verdict", "What the interval says against the strongest control."),
    ("block", "One layer of the model, counted from 0; the residual is what it hands on."),
    ("planted model", "A small model whose mechanism is known, on which the verdict must come out right."),
)
"""Terms and their meaning."""
