"""`authserver demo`: the whole of it on one machine, to click through or to check."""

import sys
from pathlib import Path

import click

from authserver.sandbox.demo import run_demo
from authserver.sandbox.layout import DemoPorts


@click.command()
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the demo's files. Default: demo-data, or demo-data-PORT with another --port.",
)
@click.option(
    "--port",
    type=click.IntRange(1024, 65_532),
    default=DemoPorts().server,
    show_default=True,
    help="The first of four consecutive ports: the server, the server with client certificates, the bank, the app.",
)
@click.option("--check", is_flag=True, help="Run every story end to end without a person, then stop.")
def demo(directory: Path | None, *, port: int, check: bool) -> None:
    """Run the authorization server with a sample bank, a sample third-party app, and test users."""
    usual = Path("demo-data" if port == DemoPorts().server else f"demo-data-{port}")
    sys.exit(run_demo(directory or usual, check=check, ports=DemoPorts.starting_at(port)))
