"""`authserver client new`: a client by questions, with a key made for it."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import click

from authserver.cli.client_registration import note_doubts
from authserver.cli.operators import open_operator, operation
from authserver.cli.output import fail, note, print_record
from authserver.keys.jwks import public_members
from authserver.keys.rotation import generate_key
from authserver.operations.acts import AddClient
from authserver.profiles.oidc import OIDC
from authserver.protocol import names
from authserver.values import Value

KINDS = ("app", "service", "api", "browser", "native")
_PUBLIC = ("browser", "native")
_FOR_PEOPLE = ("app", *_PUBLIC)
_ALGORITHM = "ES256"


class Answers(Value, frozen=True):
    """What was answered; lists as they were typed, separated by spaces."""

    kind: str
    client_id: str
    client_name: str
    redirect_uris: str = ""
    scope: str = ""
    resource: str = ""


@click.command()
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="app: acts for people. service: acts for itself. api: receives tokens. browser, native: an app that can keep "
    "no secret, under the profile oidc.",
)
@click.option("--name", "client_name", help="The name shown to people.")
@click.option("--client-id", help="The client_id. Default: a random one.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="A redirect URI of an app; may be repeated.")
@click.option("--scope", help="The scopes that it may request or, for an API, that it serves.")
@click.option("--resource", help="The address of an API; the audience of its tokens.")
@click.option(
    "--keys",
    "folder",
    default=".",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The folder for its private key.",
)
@operation
def new(folder: Path, reason: str, *, as_json: bool, **given: str | tuple[str, ...] | None) -> None:
    """Register a client, asking for what no option gives. Its key is made here; its tokens are bound by DPoP.

    The private key is written into a file for its owner alone, is stored nowhere else, and belongs to the client. An
    app in a browser, or on a device, gets no key: it is a public client, which uses PKCE.
    """
    operator, answers = open_operator(), _ask(given)
    if answers.kind in _PUBLIC:
        public = operator.perform(AddClient(describe_public_client(answers), reason=reason))
        note(f"It has no key and no secret. Next: authserver assess {answers.client_id}")
        print_record(public.metadata, as_json=as_json)
        return
    private_jwk = generate_key(_ALGORITHM)
    public_jwk = {**public_members(private_jwk), **{name: private_jwk[name] for name in ("kid", "alg", "use")}}
    path = folder / f"{quote(answers.client_id, safe='')}.private.jwk.json"
    _write_private(path, private_jwk)
    try:
        registration = operator.perform(AddClient(describe_client(answers, public_jwk), reason=reason))
    except click.ClickException:
        path.unlink()
        raise
    note_doubts(registration.metadata, operator.settings)
    note(f"Its private key: {path}. Next: authserver assess {answers.client_id}")
    print_record(registration.metadata, as_json=as_json)


def describe_client(answers: Answers, public_jwk: Mapping[str, object]) -> dict[str, object]:
    """Return the metadata of a client that authenticates by a key of its own.

    Spec: RFC7591-2, RFC9449-5.2, FAPI2-SP-FINAL-5.3.2.1-6
    """
    document: dict[str, object] = {
        "client_id": answers.client_id,
        "client_name": answers.client_name,
        "token_endpoint_auth_method": names.PRIVATE_KEY_JWT,
        "jwks": {"keys": [dict(public_jwk)]},
    }
    if answers.kind == "api":
        return {
            **document,
            "grant_types": [],
            "response_types": [],
            "resource": answers.resource.split(),
            "resource_scopes": answers.scope,
        }
    document |= {"scope": answers.scope, "dpop_bound_access_tokens": True}
    if answers.kind == "service":
        return {**document, "grant_types": [names.GRANT_CLIENT_CREDENTIALS], "response_types": []}
    return {**document, **_of_app(answers)}


def describe_public_client(answers: Answers) -> dict[str, object]:
    """Return the metadata of an app in a browser, or on a device, which can keep no credential.

    Spec: RFC6749-2.1, RFC8252-8.4, OIDCR-2
    """
    return {
        "client_id": answers.client_id,
        "client_name": answers.client_name,
        "profile": OIDC.name,
        "application_type": "native" if answers.kind == "native" else "web",
        "token_endpoint_auth_method": names.NO_AUTHENTICATION,
        "scope": answers.scope,
        **_of_app(answers),
    }


def _of_app(answers: Answers) -> dict[str, object]:
    grants = [names.GRANT_AUTHORIZATION_CODE, names.GRANT_REFRESH_TOKEN]
    return {"grant_types": grants, "redirect_uris": answers.redirect_uris.split()}


def _ask(given: Mapping[str, str | tuple[str, ...] | None]) -> Answers:
    kind = str(given["kind"] or click.prompt("What is it", type=click.Choice(KINDS), default=KINDS[0], err=True))
    name = _answer(given["client_name"], "The name that people read")
    client_id = _answer(given["client_id"], "Its client_id", default=secrets.token_urlsafe(16))
    redirect_uris = resource = ""
    if kind in _FOR_PEOPLE:
        named = " ".join(given["redirect_uris"] or ())
        redirect_uris = _answer(named, "Its redirect URIs, separated by spaces")
    if kind == "api":
        resource = _answer(given["resource"], "Its address, such as https://bank.example/")
    asked = "The scopes it serves" if kind == "api" else "The scopes it may ask for"
    scope = _answer(given["scope"], f"{asked}, separated by spaces", default="openid" if kind in _FOR_PEOPLE else None)
    return Answers(kind, client_id, name, redirect_uris, scope, resource)


def _answer(given: object, question: str, *, default: str | None = None) -> str:
    return str(given or click.prompt(question, default=default, err=True))


def _write_private(path: Path, private_jwk: Mapping[str, object]) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        fail(f"{path}: {error.strerror}; choose another folder with --keys")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(private_jwk, file, indent=2)
