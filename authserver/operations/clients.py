"""Acts on clients: registered, changed, refused for a while, ended."""

from collections.abc import Mapping

from authserver.clients import store
from authserver.clients.load import load_client
from authserver.clients.metadata import DEFAULT_ALGORITHM, SIGNED_ANSWERS
from authserver.clients.registration import Registration, prepare_registration
from authserver.clients.shared_secrets import LONGEST_OVERLAP_SECONDS, check_imported, hash_secret, new_secret
from authserver.clients.store import ClientRecord
from authserver.db.engine import Connection
from authserver.events import catalogue as kinds
from authserver.events.model import Kind
from authserver.keys.rotation import lacking
from authserver.keys.store import find_all
from authserver.operations.acts import (
    AddClient,
    DeleteClient,
    DisableClient,
    EnableClient,
    RotateClientSecret,
    UpdateClient,
)
from authserver.operations.client_removal import end_what_is_left, give_up_resources
from authserver.operations.context import OperationContext, OperationRules
from authserver.operations.refusals import (
    ChangedMeanwhile,
    ClientIdFixed,
    ClientIdSpent,
    ClientIdTaken,
    ClientNotFound,
    OverlapTooLong,
    ProfileNotServed,
    SecretMissing,
    SecretNeeded,
    SecretUnfit,
    SigningKeyMissing,
)
from authserver.operations.results import NewSecret
from authserver.outbound.fetch import FetchRefused, find_permission
from authserver.protocol.errors import InvalidClientMetadata
from authserver.protocol.names import SELF_SIGNED_TLS_CLIENT_AUTH
from authserver.protocol.names_alike import looks_like


def add_client(task: OperationContext[AddClient]) -> Registration:
    """Register a client; its secret is kept as its hash.

    Spec: RFC7591-3.2.1, RFC7591-3.2.2
    """
    registration = prepare_registration(dict(task.act.metadata), default_profile=task.parts.rules.default_profile)
    client_id, metadata = registration.client_id, registration.metadata
    check_served(metadata, task.parts.rules)
    with task.transaction() as connection:
        check_signable(connection, metadata)
        if not store.insert_client(connection, client_id, metadata, registration.secret_hash, task.now):
            is_spent = store.find_deleted_resources(connection, client_id) is not None
            raise ClientIdSpent(client_id) if is_spent else ClientIdTaken(client_id)
        task.record(connection, task.event(kinds.CLIENT_REGISTERED, client_id=client_id))
    return registration


def update_client(task: OperationContext[UpdateClient]) -> Mapping[str, object]:
    """Replace a client's metadata, and end what was granted for addresses that are the API's no more."""
    act, rules = task.act, task.parts.rules
    with task.transaction() as connection:
        record = find(connection, act.client_id)
        if act.metadata.get("client_id", act.client_id) != act.client_id:
            raise ClientIdFixed(act.client_id)
        document = {"profile": record.metadata.get("profile"), **act.metadata, "client_id": act.client_id}
        registration = prepare_registration(document, default_profile=rules.default_profile)
        if registration.secret_hash is not None and record.secret_hash is None:
            raise SecretNeeded(act.client_id)
        check_served(registration.metadata, rules)
        if record.registered_by is not None:
            check_name(connection, registration.metadata)
        check_signable(connection, registration.metadata)
        if not store.replace_metadata(connection, act.client_id, registration.metadata):
            raise ClientNotFound(act.client_id)
        task.record(connection, task.event(kinds.CLIENT_UPDATED, client_id=act.client_id))
    kept = store.resources_of(registration.metadata)
    given_up = (name for name in store.resources_of(record.metadata) if name not in kept)
    give_up_resources(task.parts.database, given_up, task.now)
    return registration.metadata


def rotate_client_secret(task: OperationContext[RotateClientSecret]) -> NewSecret:
    """Give a client another secret; of two rotations at once one is refused, and shows no secret that is none.

    Raises SecretUnfit for one from elsewhere that could be guessed, and OverlapTooLong.
    """
    client_id, overlap = task.act.client_id, task.act.overlap_seconds
    if not 0 <= overlap <= LONGEST_OVERLAP_SECONDS:
        raise OverlapTooLong(LONGEST_OVERLAP_SECONDS)
    secret = new_secret() if task.secret is None else _imported(task.secret)
    until = task.now + overlap if overlap else None
    with task.transaction() as connection:
        record = find(connection, client_id)
        if record.secret_hash is None:
            raise SecretMissing(client_id, load_client(record).token_endpoint_auth_method)
        if not store.rotate_secret(connection, record, hash_secret(secret), until):
            raise ChangedMeanwhile(client_id)
        task.record(connection, task.event(kinds.CLIENT_SECRET_ROTATED, client_id=client_id))
    return NewSecret(secret, until)


def _imported(secret: str) -> str:
    try:
        check_imported(secret)
    except ValueError as error:
        raise SecretUnfit(str(error)) from None  # whose text may be shown, since it holds nothing of the secret
    return secret


def disable_client(task: OperationContext[DisableClient]) -> None:
    """Refuse a client from now on."""
    _set_disabled(task, task.act.client_id, task.now, kinds.CLIENT_DISABLED)


def enable_client(task: OperationContext[EnableClient]) -> None:
    """Let a client in again."""
    _set_disabled(task, task.act.client_id, None, kinds.CLIENT_ENABLED)


def delete_client(task: OperationContext[DeleteClient]) -> None:
    """Delete a client for good; its id is never given again, and an API's addresses are given up with it.

    Repeated it ends what was left, should the first have been stopped halfway.

    Spec: RFC7009-2.1, RFC9126-7.4, RFC7591-5
    """
    client_id, database = task.act.client_id, task.parts.database
    with task.transaction() as connection:
        was_there = store.delete_client(connection, client_id, task.now)
        resources = store.find_deleted_resources(connection, client_id)
        if was_there:
            task.record(connection, task.event(kinds.CLIENT_DELETED, client_id=client_id))
    ended = end_what_is_left(database, client_id, resources, task.now) if resources is not None else 0
    if not was_there and not ended:
        raise ClientNotFound(client_id)


def find(connection: Connection, client_id: str) -> ClientRecord:
    """Return the row of a client; raises ClientNotFound."""
    record = store.find_client(connection, client_id)
    if record is None:
        raise ClientNotFound(client_id)
    return record


def check_served(metadata: Mapping[str, object], rules: OperationRules) -> None:
    """Refuse a profile or a type of details that the deployment does not have, and keys that it could not know.

    Spec: RFC8705-2.2.2, RFC9700-4.11, RFC9396-10
    """
    if metadata.get("profile") not in rules.profiles:
        raise ProfileNotServed(rules.profiles)
    _check_offered(metadata.get("authorization_details_types"), rules)
    # Our own TLS must know a self-signed certificate before it lets its client in: those in jwks alone are so early.
    by_uri = metadata.get("jwks_uri") is not None
    if (
        rules.takes_certificates
        and by_uri
        and metadata.get("token_endpoint_auth_method") == SELF_SIGNED_TLS_CLIENT_AUTH
    ):
        description = "give jwks with x5c; our own TLS takes self-signed ones from there alone"
        raise InvalidClientMetadata("jwks_uri", description, clause="RFC8705-2.2.2")
    for member in ("jwks_uri", "backchannel_logout_uri"):
        _check_fetched(member, metadata.get(member), rules)


def _check_offered(types: object, rules: OperationRules) -> None:
    if isinstance(types, list) and not rules.detail_types.issuperset(types):
        offered = ", ".join(sorted(rules.detail_types)) or "none"
        description = f"The types that this deployment offers are: {offered}."
        raise InvalidClientMetadata("authorization_details_types", description, clause="RFC9396-10")


def _check_fetched(member: str, url: object, rules: OperationRules) -> None:
    try:
        if isinstance(url, str):
            find_permission(url, rules.fetch_allow)
    except FetchRefused as error:
        description = f"it is never fetched: {error}. Add it to FETCH_ALLOW."
        raise InvalidClientMetadata(member, description, clause="RFC9700-4.11") from error


def check_signable(connection: Connection, metadata: Mapping[str, object]) -> None:
    """Refuse a client that is to get what no key of this deployment can sign.

    Spec: OIDCR-2, RFC9701-6
    """
    keys = find_all(connection)
    for member in SIGNED_ANSWERS:
        algorithm = str(metadata.get(member, DEFAULT_ALGORITHM))
        if lacking(keys, (algorithm,)):
            raise SigningKeyMissing(member, algorithm)


def check_name(connection: Connection, metadata: Mapping[str, object]) -> None:
    """Refuse a name by which a person would take a client that registered itself for one of an operator's.

    Spec: RFC7591-5
    """
    name = str(metadata.get("client_name", ""))
    if name and any(looks_like(name, other) for other in store.list_names(connection)):
        raise InvalidClientMetadata("client_name", "Another client has a name like this.", clause="RFC7591-5")


def _set_disabled(
    task: OperationContext[DisableClient] | OperationContext[EnableClient], client_id: str, at: int | None, kind: Kind
) -> None:
    with task.transaction() as connection:
        if not store.set_disabled(connection, client_id, at):
            raise ClientNotFound(client_id)
        task.record(connection, task.event(kind, client_id=client_id))
