"""`taskscope look`: one prompt under the microscope."""

from __future__ import annotations

import shlex
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taskscope.cli import options
from taskscope.cli.brief import keep_memory, uncollected
from taskscope.cli.console import out
from taskscope.errors import TaskError

if TYPE_CHECKING:
    from taskscope.look.parse import Reading
    from taskscope.look.result import Look
    from taskscope.models.spec import ModelSpec


Prompt = Annotated[
    str | None,
    typer.Argument(help=r"The prompt; \n stands for a line break, - reads standard input."),
]
PromptFile = Annotated[
    Path | None, typer.Option("--file", "-f", help="Read the prompt from a file.", show_default=False)
]
Arrow = Annotated[
    str | None,
    typer.Option("--arrow", metavar="TEXT", help="What stands between input and label.", show_default=False),
]
Between = Annotated[
    str | None,
    typer.Option("--between", metavar="TEXT", help="What stands between demonstrations.", show_default=False),
]


_IN_UTF8 = ("a prompt in UTF-8", "iconv -f LATIN1 -t UTF-8 turns other encodings into UTF-8")


def look(
    model: Annotated[str, typer.Argument(help="Hub id, local folder or built-in name.")],
    prompt: Prompt = None,
    file: PromptFile = None,
    arrow: Arrow = None,
    between: Between = None,
    page: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path("look.html"),
    dtype: options.Dtype = "float32",
    device: options.Device = "cpu",
    device_map: options.DeviceMap = None,
    blocks: options.Blocks = None,
    trust_remote_code: options.TrustRemoteCode = False,
    allow_pickle: options.AllowPickle = False,
    as_json: options.AsJson = False,
) -> None:
    r"""Look at one prompt: what each block would answer, what theta holds, where the last token attends.

    For example:

    `taskscope look planted-vector "go->going\nsee->seeing\neat->eating\nplay->playing\nwalk->"`

    `taskscope look EleutherAI/pythia-160m --file prompt.txt --arrow "=>"`

    The prompt ends in a query that waits for its label. Demonstrations are recognised in the forms `x->y`
    (also with spaces), `example:x->y`, `Q: x / A: y` and `user: x / assistant: y`, one to a line.
    """
    from taskscope.look.parse import parse

    reading = parse(_text(prompt, file), arrow, None if between is None else _unescaped(between))

    from taskscope.models.spec import as_spec
    from taskscope.report.beside import apart, beside

    with uncollected(), nullcontext() if as_json else beside(_get_ready):
        spec = as_spec(
            model,
            dtype=dtype,
            device=device,
            device_map=device_map,
            blocks=blocks,
            trust_remote_code=trust_remote_code,
            allow_pickle=allow_pickle,
        )
        found = _measure(spec, reading)
        if as_json:
            out.print_json(found.model_dump_json())
            return
        from taskscope.look.view import view

        out.print(view(found, out.width))
        apart(_write, page, found, shlex.join(["taskscope", *sys.argv[1:]]))
    out.print(f"\nPage: {page}", highlight=False)


def _measure(spec: ModelSpec, reading: Reading) -> Look:
    from taskscope.look.measure import look as measure
    from taskscope.models.loading import load

    keep_memory()
    return measure(load(spec), reading)


def _get_ready() -> None:
    """Import what writes a page, which is slow, in the process that will write it."""
    import taskscope.look.page
    import taskscope.report.page
    import taskscope.runs.provenance  # noqa: F401
    from taskscope.report import drawing

    drawing.get_ready()


def _write(path: Path, found: Look, command: str) -> None:
    """Write the page of one look.

    Raises:
        TaskError: If it cannot be written.
    """
    from taskscope.look.page import page
    from taskscope.report.page import write_panels
    from taskscope.runs.provenance import versions

    shown = page(found, command, versions())
    try:
        write_panels(path, shown)
    except OSError as error:
        raise TaskError(
            f"the page {str(path)!r} cannot be written: {error}",
            "a path in a folder that exists and may be written to",
            "--out look.html, for a page in the folder you are in",
        ) from None


def _text(prompt: str | None, file: Path | None) -> str:
    """Return the prompt from where it was given.

    Raises:
        TaskError: If it was given twice or not at all, or its file cannot be read.
    """
    if (prompt is None) == (file is None):
        raise TaskError(
            "no prompt was given" if prompt is None else "a prompt was given, and a file too",
            "a prompt, or --file PATH, or - for standard input",
            r'taskscope look planted-vector "a->b\nc->d\ne->"',
        )
    if prompt is None:
        assert file is not None
        return _read(file)
    text = sys.stdin.read() if prompt == "-" else _unescaped(prompt)
    try:
        text.encode()
    except UnicodeEncodeError:  # bytes that are no text come through the shell as lone surrogates
        where = "standard input" if prompt == "-" else "the prompt"
        raise TaskError(f"{where} is not text in UTF-8", *_IN_UTF8) from None
    return text


def _read(file: Path) -> str:
    """Return the text of a file, without the mark that some editors put at its beginning.

    Raises:
        TaskError: If there is none, or it is no text in UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise TaskError(f"the file {str(file)!r} is not text in UTF-8", *_IN_UTF8) from None
    except OSError as error:
        raise TaskError(
            f"the file {str(file)!r} cannot be read: {error}",
            "a text file that exists and may be read",
            "give the prompt itself in quotes, or - to read standard input",
        ) from None


def _unescaped(text: str) -> str:
    r"""Turn \n, as it is typed in a shell, into line breaks, unless there are line breaks already."""
    return text if "\n" in text else text.replace("\\n", "\n")
