"""The command line: one small function per command, everything heavy imported inside it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from taskscope.cli import console
from taskscope.cli.card import card
from taskscope.cli.compare import compare
from taskscope.cli.demo import demo
from taskscope.cli.doctor import doctor
from taskscope.cli.export import export
from taskscope.cli.item_response import item_response
from taskscope.cli.listing import list_
from taskscope.cli.look import look
from taskscope.cli.query import query
from taskscope.cli.report import report
from taskscope.cli.run import run as run_study
from taskscope.cli.show import show
from taskscope.cli.tasks import tasks
from taskscope.cli.theory import theory
from taskscope.cli.train import train
from taskscope.errors import TaskscopeError

app = typer.Typer(
    name="taskscope",
    help="What does a language model do with a task it is shown in context? "
    "Six published accounts, run on any Hugging Face causal language model, with controls.",
    epilog="Start with: taskscope demo",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command()(demo)
app.command("run")(run_study)
app.command()(look)
app.command("list")(list_)
app.command()(show)
app.command()(query)
app.command()(report)
app.command()(compare)
app.command()(export)
app.command()(doctor)
app.command()(train)
app.command()(card)
app.add_typer(tasks)
theory.command()(item_response)
app.add_typer(theory)


def _version(value: bool) -> None:
    if value:
        from taskscope import __version__

        console.out.print(__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Hold the options that come before a command."""


def run() -> None:
    """Run the command line and turn errors the user can mend into a message and exit code 2."""
    try:
        app()
    except TaskscopeError as error:
        console.say_error(error)
        sys.exit(console.BAD_INPUT)
    except BrokenPipeError:  # the reader of a pipe went away, e.g. `taskscope list tasks | head`
        sys.stderr.close()
        sys.exit(console.OK)


if __name__ == "__main__":
    run()
