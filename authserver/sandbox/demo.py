"""`authserver demo`: everything on one machine, for a person to click through or for `--check` to drive."""

import time
from pathlib import Path

import click
import urllib3

from authserver.clock import system_clock
from authserver.sandbox.check.run import CHECK_SETUP, check_everything
from authserver.sandbox.deployment import Setup, prepare_deployment
from authserver.sandbox.people import ALICE, BOB, PEOPLE
from authserver.sandbox.places import DemoPlaces, DemoPorts
from authserver.sandbox.processes import DemoFailed, running, stopped_by_signals

_LOOK_SECONDS = 0.5


def run_demo(directory: Path, *, check: bool, ports: DemoPorts | None = None) -> int:
    """Set the demo up in a folder and run it: until it is stopped, or with `check` until every story was driven.

    Safe to repeat: keys, certificates and the database stay. Answers the exit code, 0 or 1.
    """
    places = DemoPlaces(directory.resolve(), ports or DemoPorts())
    try:
        with stopped_by_signals():
            prepare_deployment(places, system_clock(), CHECK_SETUP if check else Setup())
            with running(places) as check_servers:
                if check:
                    return 0 if check_everything(places, system_clock, click.echo) else 1
                click.echo(_welcome(places))
                while True:
                    check_servers()
                    time.sleep(_LOOK_SECONDS)
    except KeyboardInterrupt:
        click.echo("\nStopped." if not check else "\nStopped before the end.")
        return 1 if check else 0
    except (DemoFailed, OSError, urllib3.exceptions.HTTPError) as error:
        click.echo(f"The demo cannot run: {error}", err=True)
        return 1


def _welcome(places: DemoPlaces) -> str:
    people = "\n".join(
        f"  {person.username:<8}password {person.password}"
        + (f"   TOTP seed {person.totp_seed}" if person.totp_seed else "   no second factor")
        for person in PEOPLE
    )
    return f"""
The demo runs. Open this and press "Connect your bank", or pay a bill:

  Third-party app       {places.app}
  Authorization server  {places.issuer}   ({places.mtls_origin} asks for client certificates)
  Bank API              {places.bank}

Sign in as:

{people}

{ALICE.username}'s one-time codes are also on {places.app}/phone; {BOB.username} is asked to add a second factor.
The certificates are the demo's own: your browser warns until it trusts {places.authority}
Logs are in {places.logs}. Ctrl-C stops everything.
"""
