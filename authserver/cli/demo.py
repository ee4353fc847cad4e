"""`authserver demo`: the whole of it on one machine, to click through or to check."""

import sys
from pathlib import Path

import click

from authserver.sandbox.demo import run_demo


@click.command()
@click.option(
    "--dir",
    "directory",
    default="demo-data",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for all that the demo writes.",
)
@click.option("--check", is_flag=True, help="Drive every story end to end without a person, then stop.")
def demo(directory: Path, *, check: bool) -> None:
    """Run the authorization server, a sample bank and a sample third-party app, with people and clients in them."""
    sys.exit(run_demo(directory, check=check))
