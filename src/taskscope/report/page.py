"""The page: one HTML file with everything inside, readable by mail, on paper, in the dark, without scripts.

Every text that is not ours (prompts, labels, model names, errors) passes through Jinja's autoescape, or
through `_script_json` where it stands in a script element. The content security policy forbids any request
and any evaluation of text, so that even a mistake in escaping could not reach outside.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from taskscope.report import export, languages, theme, vega, wording
from taskscope.report.document import Failure, ModelCard, Provenance, Report, StudyPage
from taskscope.report.findings import Figure, Finding, Verdict
from taskscope.report.guide import GLOSSARY, GUIDE
from taskscope.report.panels import PanelPage, Shading, StripToken
from taskscope.report.thumbnails import thumbnail

__all__ = [
    "Failure",
    "ModelCard",
    "Provenance",
    "Report",
    "StudyPage",
    "card_html",
    "page_html",
    "panels_html",
    "write_page",
    "write_panels",
]


def write_page(path: str | os.PathLike[str], report: Report) -> Path:
    """Write `report` as one self-contained HTML file, replacing an older one in one step.

    Returns:
        The path written.
    """
    return _written(Path(path), page_html(report))


def write_panels(path: str | os.PathLike[str], page: PanelPage) -> Path:
    """Write a page of panels as one self-contained HTML file, replacing an older one in one step.

    Returns:
        The path written.
    """
    return _written(Path(path), panels_html(page))


def _written(path: Path, text: str) -> Path:
    draft = path.with_name(path.name + ".part")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)
    return path


def page_html(report: Report) -> str:
    """Return the page as text; the same report always gives the same text."""
    drawings = _Drawings()
    template = _environment().get_template("page.html.jinja")
    return template.render(
        report=report,
        drawings=drawings,
        tally=_tally(report),
        vega=Markup(vega.bundle()),
        foreign=report.language in languages.TRANSLATED,
        guide=GUIDE,
        glossary=GLOSSARY,
        t=languages.translator(report.language),
        count=languages.counter(report.language),
        words=_script_json(languages.of_the_script(report.language)),
    )


def panels_html(page: PanelPage) -> str:
    """Return a page of panels as text; the same page always gives the same text."""
    strips = {} if page.opening is None else {"opening": page.opening}
    strips |= {f"{panel.name}-{n}": s for panel in page.panels for n, s in enumerate(panel.strips, 1)}
    shadings = {
        wording.slug(place): [
            {"name": shading.name, "weights": [round(w, 4) for w in shading.weights]}
            for shading in strip.shadings
        ]
        for place, strip in strips.items()
        if len(strip.shadings) > 1
    }
    return (
        _environment()
        .get_template("panels.html.jinja")
        .render(page=page, drawings=_Drawings(), shadings=_script_json(shadings), vega=Markup(vega.bundle()))
    )


def card_html(findings: Sequence[Finding], title: str = "") -> str:
    """Return `findings` as an HTML fragment with its own style, for notebooks."""
    return _environment().get_template("card.html.jinja").render(findings=findings, title=title)


class _Drawings:
    """Draws each figure once, gives it an id, and collects the specifications for the script."""

    def __init__(self) -> None:
        self._specs: dict[str, dict[str, Any]] = {}

    def add(self, figure: Figure) -> dict[str, Any]:
        """Return the id of a figure and its first paint."""
        name = f"figure-{len(self._specs) + 1}"
        self._specs[name] = {"name": figure.name, "spec": _lean(figure.spec)}
        return {"id": name, "drawing": _static(figure.spec, name)}

    def thumbnail(self, figure: Figure, place: str) -> Markup:
        """Return the small picture of a figure."""
        return _static(thumbnail(figure.spec), f"thumbnail-{place}")

    @property
    def json(self) -> Markup:
        """All specifications, and the configuration that they share, for a script element."""
        return _script_json({"config": theme.config(), "figures": self._specs})


def _static(spec: dict[str, Any], name: str) -> Markup:
    drawing = export.smallest(spec, name)
    return Markup('<img alt="" src="{}">').format(drawing) if drawing.startswith("data:") else Markup(drawing)


def _lean(spec: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the page knows already: the schema, and the configuration shared by all charts."""
    shared = theme.config()
    own = {key: value for key, value in spec.get("config", {}).items() if shared.get(key) != value}
    return {key: value for key, value in spec.items() if key not in ("$schema", "config")} | {"config": own}


def _script_json(value: Any) -> Markup:
    """Serialise for a script element: no character in it can end the element or open a comment."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _tally(report: Report) -> dict[str, int]:
    """Count the verdicts over claims and models of the studies that ran, and the claims not implemented."""
    counts = dict.fromkeys([*(v.value for v in Verdict), "not yet"], 0)
    for page in report.pages:
        for claim in page.account.claims:
            if not claim.implemented:
                counts["not yet"] += 1
            for model in page.models if page.ran else ():
                verdict = page.verdict(claim, model)
                if verdict:
                    counts[verdict.value] += 1
    return counts


def _breakable(name: str) -> Markup:
    """Let a model's name break after its organisation."""
    return Markup("/<wbr>").join(name.split("/"))


def _heaviest(shading: Shading, tokens: Sequence[StripToken]) -> str:
    """Say in words which three tokens a shading marks the most."""
    order = sorted(range(len(tokens)), key=lambda i: (-shading.weights[i], i))[:3]
    return "Most on " + ", ".join(f"{tokens[i].text} {shading.weights[i]:.0%}" for i in order) + "."


@cache
def _asset(name: str) -> Markup:
    return Markup(resources.files("taskscope.report").joinpath("assets", name).read_text(encoding="utf-8"))


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("taskscope.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "breakable": _breakable,
        "number": wording.number,
        "interval": wording.interval,
        "listed": wording.listed,
        "heaviest": _heaviest,
        "slug": wording.slug,
        "csv_uri": wording.csv_uri,
    }
    environment.globals |= {
        "asset": _asset,
        "count": wording.count,
        "shades": theme.SHADES,
        "t": languages.translator("en"),
    }
    return environment
