"""`/register`: a client registers itself, and later reads, replaces or deletes its registration."""

import re
from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import Any, TypeVar
from urllib.parse import urlencode

import orjson

from authserver.clients.authenticated_request import RequestLimiter
from authserver.clients.registration import Registration
from authserver.clients.self_registration.description import describe_itself
from authserver.clients.self_registration.store import (
    ManagedClient,
    find_initial_token,
    find_managed,
    renew_registration_token,
)
from authserver.clients.store import ClientRecord, find_client
from authserver.clock import Clock
from authserver.db.engine import Database
from authserver.events import model as actors
from authserver.events.catalogue import REGISTRATION_REFUSED
from authserver.events.model import ANYONE, Actor, Event, EventSink
from authserver.limits.rates import address_key
from authserver.operations.acts import Act, DeleteClient, RegisterItself, UpdateClient
from authserver.operations.refusals import (
    ChangedMeanwhile,
    ClientNotFound,
    OperationRefused,
    ProfileNotServed,
    SecretNeeded,
    SigningKeyMissing,
)
from authserver.protocol.errors import InvalidClientMetadata, InvalidRequest, InvalidToken, OAuthError
from authserver.protocol.handles import hash_handle, new_handle
from authserver.protocol.urls import REGISTRATION
from authserver.registration.answer import Management, describe_registration
from authserver.resource.checks import read_authorization
from authserver.values import Assembly
from authserver.web.machine.challenges import render_bearer_challenge
from authserver.web.machine.forms import read_query
from authserver.web.machine.model import MachineRequest, MachineResponse
from authserver.web.machine.responses import created, empty, json_no_store

_JSON = "application/json"
_NAME = re.compile(r"[a-z][a-z0-9_#]{0,63}", re.ASCII)  # else it is a stranger's own, which no description may hold
_OF_THE_ANSWER = frozenset(
    {"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"}
)
_Outcome = TypeVar("_Outcome")
Perform = Callable[[Act[Any], Actor, int, str | None], Any]


class ClientRegistration(Assembly, frozen=True):
    """Registers clients and lets each look after its own registration.

    `open_profile` is that under which anyone may register, or None where an initial access token is needed. `perform`
    has an act done, as for an operator, with the secret beside it.

    Spec: RFC7591-3, RFC7592-2
    """

    database: Database
    clock: Clock
    limits: RequestLimiter
    events: EventSink
    issuer: str
    open_profile: str | None
    perform: Perform

    def __call__(self, request: MachineRequest) -> MachineResponse:
        """Answer one request."""
        now, token = self.clock(), _bearer(request)
        try:
            self.limits.hit("registration.address", address_key(request.remote_address))
            if request.method == "POST":
                return self._register(request, token, now)
            return self._manage(request, token, now)
        except OAuthError as failure:
            error = _naming_its_member(failure)
            facts = error.operator_facts()
            self.events(Event(REGISTRATION_REFUSED, now, ANYONE, correlation_id=request.correlation_id, detail=facts))
            if isinstance(error, InvalidToken):
                return render_bearer_challenge(error, request.correlation_id, token_was_sent=bool(token))
            raise error from failure

    def _register(self, request: MachineRequest, token: str, now: int) -> MachineResponse:
        """Register a client, by a token or by none.

        Spec: RFC7591-3.1, RFC7591-3.2.1
        """
        document, secret = describe_itself(_read_document(request), self._find_profile(token, now)), new_handle()
        tokens = f"{secret} {token}".rstrip()
        registration: Registration = self._do(RegisterItself(document), ANYONE, now, tokens)
        management = self._management(registration.client_id, secret)
        answer = describe_registration(
            registration.metadata, management, issued_at=now, client_secret=registration.client_secret
        )
        return created(answer)

    def _find_profile(self, token: str, now: int) -> str:
        if not token and self.open_profile is not None:
            return self.open_profile
        with self.database.read() as connection:
            profile = find_initial_token(connection, hash_handle(token), now) if token else None
        if profile is None:
            raise InvalidToken("An initial access token is needed.", reason="none, or spent", clause="RFC7591-3")
        return profile

    def _manage(self, request: MachineRequest, token: str, now: int) -> MachineResponse:
        """Read, replace or delete the registration whose token this is.

        Spec: RFC7592-2.1, RFC7592-2.2, RFC7592-2.3
        """
        client_id = read_query(request).require("client_id", clause="RFC7592-2")
        used_hash = hash_handle(token)
        with self.database.read() as connection:
            client, record = find_managed(connection, client_id), find_client(connection, client_id)
        if client is None or record is None or not _is_token_of(client, used_hash):
            raise InvalidToken("The registration access token is not valid.", clause="RFC7592-2")
        actor = actors.client(client_id)
        if request.method == "DELETE":
            self._do(DeleteClient(client_id), actor, now)
            return empty(status=204)
        # The token first: of two at once one is refused, and has changed nothing. What is refused leaves it good.
        management, metadata = self._management(client_id, self._renew(client, used_hash)), record.metadata
        if request.method == "PUT":
            document = _read_replacement(_read_document(request), record)
            metadata = self._do(UpdateClient(client_id, document), actor, now)
        return json_no_store(describe_registration(metadata, management, issued_at=record.created_at))

    def _renew(self, client: ManagedClient, used_hash: bytes) -> str:
        """Return another token for a client.

        Raises InvalidToken where a request beside this one was given it.
        """
        token = new_handle()
        with self.database.transaction() as connection:
            if not renew_registration_token(connection, client, used_hash, hash_handle(token)):
                raise InvalidToken("The registration access token was used at the same moment.", clause="RFC7592-3")
        return token

    def _management(self, client_id: str, token: str) -> Management:
        return Management(f"{self.issuer}{REGISTRATION}?{urlencode({'client_id': client_id})}", token)

    def _do(self, act: Act[_Outcome], actor: Actor, now: int, secret: str | None = None) -> _Outcome:
        try:
            outcome: _Outcome = self.perform(act, actor, now, secret)
        except OperationRefused as refusal:
            raise _as_oauth_error(refusal) from refusal
        return outcome


def _bearer(request: MachineRequest) -> str:
    presented = read_authorization(request.headers.get("authorization"))
    return presented.token if presented is not None and presented.scheme == "bearer" else ""


def _is_token_of(client: ManagedClient, used_hash: bytes) -> bool:
    return any(
        kept is not None and compare_digest(kept, used_hash) for kept in (client.token_hash, client.previous_hash)
    )


def _read_document(request: MachineRequest) -> Mapping[str, object]:
    """Return the JSON object of a body.

    Spec: RFC7591-3.1
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise InvalidRequest("The body must be JSON, application/json.", clause="RFC7591-3.1")
    try:
        document = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest("The body is not JSON.", reason=str(error)[:100], clause="RFC7591-3.1") from error
    if not isinstance(document, dict):
        raise InvalidClientMetadata("metadata", "The metadata must be a JSON object.", clause="RFC7591-3.1")
    return document


def _read_replacement(document: Mapping[str, object], record: ClientRecord) -> dict[str, object]:
    """Return the registration that takes the place of the one there is, under the same profile.

    It names its client, and none of the members that are the server's to tell.

    Spec: RFC7592-2.2
    """
    if document.get("client_id") != record.client_id:
        raise InvalidRequest("The client_id must be that of this registration.", clause="RFC7592-2.2")
    for member in _OF_THE_ANSWER:
        if member in document:
            raise InvalidRequest(f"The member {member} is for the server to tell.", clause="RFC7592-2.2")
    given = {name: value for name, value in document.items() if name not in {"client_id", "client_secret"}}
    if given.get("profile") == record.metadata.get("profile"):
        del given["profile"]
    return {**describe_itself(given, str(record.metadata["profile"])), "client_id": record.client_id}


def _naming_its_member(error: OAuthError) -> OAuthError:
    """Return a refusal whose words say which member is at fault.

    Spec: RFC7591-3.2.2
    """
    if not isinstance(error, InvalidClientMetadata) or not _NAME.fullmatch(error.member):
        return error
    if error.member in error.description:
        return error
    return type(error)(error.member, f"{error.member}: {error.description}", clause=error.clause)


def _as_oauth_error(refusal: OperationRefused) -> OAuthError:
    """Return what a client is told of an act that was refused."""
    if isinstance(refusal, SigningKeyMissing):
        description = f"This server has no {refusal.algorithm} key."
        return InvalidClientMetadata(refusal.member, description, clause="RFC7591-2")
    if isinstance(refusal, SecretNeeded):
        member = "token_endpoint_auth_method"
        return InvalidClientMetadata(member, "This client has no secret: register anew.", clause="RFC7592-2.2")
    if isinstance(refusal, ProfileNotServed):
        return InvalidClientMetadata("profile", "This server has not this profile.", clause="RFC7591-2")
    if isinstance(refusal, ChangedMeanwhile | ClientNotFound):
        return InvalidToken("The token was used at the same moment.", clause="RFC7591-3")
    raise refusal
