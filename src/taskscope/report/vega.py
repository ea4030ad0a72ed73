"""Vega, Vega-Lite and Vega-Embed as one script, for the pages that carry it inside."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

import vl_convert


@cache
def bundle() -> str:
    """Return the script, safe inside a script element and out of the global scope but for ``vegaEmbed``.

    Bundling takes three seconds, so the text is kept under the user's cache folder, by version of vl-convert.
    """
    kept = _cache_folder() / f"vega-{version('vl-convert-python')}.js"
    with suppress(OSError, UnicodeDecodeError):
        return kept.read_text(encoding="utf-8")
    text = vl_convert.javascript_bundle()  # pyright: ignore[reportCallIssue]
    text = text.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    text = f"(function(){{{text}}})();"
    with suppress(OSError):  # a read-only home costs three seconds a page, nothing more
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}.part")
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, kept)
    return text


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "taskscope"
