"""Clients that register themselves, by a token that an operator made or, where a deployment is open, by none."""

from typing import Final

from authserver.clients import store
from authserver.clients.registration import Registration, prepare_registration
from authserver.clients.self_registration import store as registration_store
from authserver.events import catalogue as kinds
from authserver.operations.acts import MakeInitialToken, RegisterItself
from authserver.operations.clients import check_name, check_served, check_signable
from authserver.operations.context import OperationContext
from authserver.operations.refusals import ChangedMeanwhile, ProfileNotServed
from authserver.operations.results import InitialToken
from authserver.protocol.handles import hash_handle, new_handle

ITSELF: Final = "itself"
"""Stands in a client's row for who registered it."""


def make_initial_token(context: OperationContext[MakeInitialToken]) -> InitialToken:
    """Make a token by which clients register themselves.

    Spec: RFC7591-3
    """
    act, token = context.act, new_handle()
    if act.profile not in context.parts.rules.profiles:
        raise ProfileNotServed(context.parts.rules.profiles)
    until = context.now + act.lifetime_seconds
    with context.transaction() as connection:
        registration_store.add_initial_token(
            connection, hash_handle(token), act.profile, act.uses, (context.now, until)
        )
        context.record(connection, context.event(kinds.INITIAL_TOKEN_MADE, profile=act.profile, uses=str(act.uses)))
    return InitialToken(token, until)


def register_itself(context: OperationContext[RegisterItself]) -> Registration:
    """Register a client by its own words, with the token by which it changes itself; all of it or nothing.

    Raises ChangedMeanwhile where another used the last use of the initial access token.

    Spec: RFC7591-3.1, RFC7591-3.2.1, RFC7592-3
    """
    act, rules = context.act, context.parts.rules
    registration = prepare_registration(dict(act.metadata), default_profile=rules.default_profile)
    check_served(registration.metadata, rules)
    client_id, tokens = registration.client_id, (context.secret or "").split(" ")
    token_hash, *initial_hash = map(hash_handle, tokens)
    with context.transaction() as connection:
        check_signable(connection, registration.metadata)
        check_name(connection, registration.metadata)
        if initial_hash and not registration_store.use_initial_token(connection, initial_hash[0], context.now):
            raise ChangedMeanwhile("the initial access token")
        if not store.insert_client(connection, client_id, registration.metadata, registration.secret_hash, context.now):
            raise ChangedMeanwhile(client_id)
        registration_store.note_self_registered(connection, client_id, token_hash, ITSELF)
        context.record(connection, context.event(kinds.CLIENT_REGISTERED, client_id=client_id))
    return registration
