"""`authserver assess`: this deployment, or one client, against its profile."""

from collections.abc import Iterable

import click

from authserver.cli.client_findings import find_all_misfits, find_misfits
from authserver.cli.client_registration import find_subject_order
from authserver.cli.deployment import open_deployment
from authserver.cli.output import TakesId, fail, json_option, note, print_rows
from authserver.cli.serve import deployment_facts
from authserver.clients.load import load_client
from authserver.clients.metadata import DEFAULT_ALGORITHM, SIGNED_ANSWERS
from authserver.db.engine import Database
from authserver.keys.rotation import lacking
from authserver.operations import lookups
from authserver.operations.lookups import ClientRecord
from authserver.profiles.assess import Finding, assess_client, assess_deployment
from authserver.profiles.catalogue import PROFILES, signing_algorithms
from authserver.protocol.errors import InvalidClientMetadata
from authserver.settings.model import Settings
from authserver.settings.production import assess_production


@click.command(cls=TakesId)
@click.argument("client_id", required=False)
@click.option("--production", is_flag=True, help="Also check that the deployment is ready for production.")
@json_option
def assess(client_id: str | None, *, production: bool, as_json: bool) -> None:
    """Check this deployment, or only the client CLIENT_ID, against its profile; exit 1 if anything is found."""
    if production and client_id is not None:
        raise click.UsageError("--production judges the deployment, not a client")
    settings, database = open_deployment()
    if client_id is None:
        subject, findings = f"the deployment {settings.issuer}", _assess_deployment(settings, database)
        findings += assess_production(settings) if production else []
    else:
        subject, findings = f"the client {client_id}", _assess_client(settings, database, client_id)
    rows = [
        {"severity": finding.severity, "clause": finding.clause, "finding": finding.message, "mend": finding.mend}
        for finding in findings
    ]
    print_rows(rows, as_json=as_json, empty=f"Nothing found: {subject} keeps its profile.")
    if findings:
        note(f"{len(findings)} found for {subject}.")
        raise SystemExit(1)


def _assess_deployment(settings: Settings, database: Database) -> list[Finding]:
    facts = deployment_facts(settings)
    enabled = (record for record in lookups.list_clients(database) if record.disabled_at is None)
    return [
        *(finding for name in settings.profiles for finding in assess_deployment(facts, PROFILES[name])),
        *_find_lacking_keys(database, signing_algorithms(settings.profiles)),
        *find_all_misfits(enabled, settings),
    ]


def _assess_client(settings: Settings, database: Database, client_id: str) -> list[Finding]:
    record = lookups.find_client(database, client_id)
    if record is None:
        fail(f"there is no client {client_id}")
    algorithms = dict.fromkeys(str(record.metadata.get(member, DEFAULT_ALGORITHM)) for member in SIGNED_ANSWERS)
    return [*_assess(record), *find_misfits(record.metadata, settings), *_find_lacking_keys(database, algorithms)]


def _find_lacking_keys(database: Database, algorithms: Iterable[str]) -> list[Finding]:
    """Return where there is no key for something that is to be signed.

    Spec: OIDCC-15.1
    """
    keys = lookups.list_published_keys(database)
    return [
        Finding("error", "OIDCC-15.1", f"There is no signing key for {algorithm}.", "Make it: authserver keys rotate.")
        for algorithm in lacking(keys, algorithms)
    ]


def _assess(record: ClientRecord) -> list[Finding]:
    """Judge a stored client; one that its profile refuses outright is one finding."""
    try:
        client = load_client(record)
    except InvalidClientMetadata as error:
        return [
            Finding("error", error.clause, f"{error.member}: {error.description}", "Mend it: authserver client update.")
        ]
    facts = {
        "authentication_method": client.token_endpoint_auth_method,
        "certificate_bound_access_tokens": client.certificate_bound_access_tokens,
        "dpop_bound_access_tokens": client.dpop_bound_access_tokens,
        "refresh_rotation": client.refresh_rotation,
        "signing_algorithm": client.token_endpoint_auth_signing_alg,
        "redirect_uris": client.redirect_uris,
        "scope": client.scope,
    }
    order = find_subject_order(record.metadata)
    return [*assess_client(facts, client.profile), *([order] if order else [])]
