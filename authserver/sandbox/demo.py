"""`authserver demo`: everything on one machine, for a person to click through or for `--check` to drive."""

import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click
import urllib3

from authserver.banking.evidence import Evidence
from authserver.clock import system_clock
from authserver.protocol.safe_text import neutralise
from authserver.sandbox.check.run import CHECK_SETUP, check_everything
from authserver.sandbox.deployment import Setup, prepare_deployment
from authserver.sandbox.latest_proof import LatestProof
from authserver.sandbox.layout import DemoLayout, DemoPorts
from authserver.sandbox.people import ALICE, BOB, CAROL, PEOPLE
from authserver.sandbox.processes import DemoFailed, alone_in, check_ports_free, running, stopped_by_signals

_LOOK_SECONDS = 0.5


def run_demo(directory: Path, *, check: bool, ports: DemoPorts | None = None) -> int:
    """Set the demo up in a folder and run it: until it is stopped, or with `check` until every story was driven.

    Safe to repeat: keys, certificates and the database stay. Answers the exit code, 0 or 1.
    """
    places = DemoLayout(directory.resolve(), ports or DemoPorts())
    try:
        with stopped_by_signals(), alone_in(places.folder):
            check_ports_free(places)
            prepare_deployment(places, system_clock(), CHECK_SETUP if check else Setup())
            with running(places) as check_servers:
                if check:
                    return 0 if check_everything(places, system_clock, click.echo) else 1
                click.echo(_welcome(places))
                _stay(places, check_servers)
    except KeyboardInterrupt:
        click.echo("\nStopped." if not check else "\nStopped before the end.")
        return 1 if check else 0
    except (DemoFailed, OSError, urllib3.exceptions.HTTPError) as error:
        click.echo(f"The demo cannot run: {error}", err=True)
        return 1


def _stay(places: DemoLayout, check_servers: Callable[[], None]) -> NoReturn:
    """Look after the servers until something ends the demo, and keep the proof of what a person approves meanwhile."""
    kept = LatestProof.open(places)
    try:
        while True:
            check_servers()
            approved = kept.renew()
            if approved is not None:
                click.echo(_approved(places, approved))
            time.sleep(_LOOK_SECONDS)
    finally:
        kept.database.dispose()


def _approved(places: DemoLayout, approved: Evidence) -> str:
    lines = "\n".join(f"  {neutralise(line)}" for line in approved.text.split("\n"))
    program = Path(sys.executable).with_name("authserver")
    command = shlex.join(
        [str(program) if program.exists() else "authserver", "sca", "verify", str(places.payment_proof)]
    )
    return f"""
Approved with a passkey:

{lines}

The proof is in {places.payment_proof}. Anyone can check it, with no server; change a cent in it, and it fails:

  {command}
"""


def _welcome(places: DemoLayout) -> str:
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

{ALICE.username}'s one-time codes are also on {places.app}/phone. {BOB.username} and {CAROL.username} are asked to add a
second factor: try an authenticator app as one of them, and a passkey as the other.
A payment that you approve with a passkey leaves its proof in {places.payment_proof}.
The certificates are the demo's own: your browser warns until it trusts {places.authority}
Logs are in {places.logs}. Ctrl-C stops everything.
"""
