"""The one way to have an act done."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from authserver.events.model import Actor
from authserver.operations import accounts, acts, clients, invitations, keys, maintenance, self_registration
from authserver.operations.acts import Act
from authserver.operations.context import OperationContext, OperationParts

_Outcome = TypeVar("_Outcome")

HANDLERS: Final[Mapping[type[Act[Any]], Callable[[Any], Any]]] = {
    acts.AddAccount: accounts.add_account,
    acts.InviteAccount: invitations.invite_account,
    acts.WithdrawInvitations: invitations.withdraw_invitations,
    acts.UpdateAccount: accounts.update_account,
    acts.LockAccount: accounts.lock_account,
    acts.UnlockAccount: accounts.unlock_account,
    acts.ResetFactors: accounts.reset_factors,
    acts.EnrolGenerator: accounts.enrol_generator,
    acts.EndSharing: accounts.end_sharing,
    acts.DeleteAccount: accounts.delete_account,
    acts.AddClient: clients.add_client,
    acts.RegisterItself: self_registration.register_itself,
    acts.MakeInitialToken: self_registration.make_initial_token,
    acts.UpdateClient: clients.update_client,
    acts.RotateClientSecret: clients.rotate_client_secret,
    acts.DisableClient: clients.disable_client,
    acts.EnableClient: clients.enable_client,
    acts.DeleteClient: clients.delete_client,
    acts.ProvisionKeys: keys.provision_keys,
    acts.RotateKeys: keys.rotate_keys,
    acts.RetireKey: keys.retire_key,
    acts.RetireCompromisedKey: keys.retire_compromised_key,
    acts.PurgeExpired: maintenance.purge_expired,
    acts.RemoveReader: maintenance.remove_reader,
}
"""Each kind of act with what does it."""


def perform(
    act: Act[_Outcome], actor: Actor, now: int, parts: OperationParts, *, secret: str | None = None
) -> _Outcome:
    """Do an act, record who had it done and why, and return what it made.

    `actor` is who asked for it, whom the caller has authenticated; `secret` is what the act needs and must not be kept
    with it. Raises OperationRefused, or InvalidClientMetadata, for one that is not done.
    """
    outcome: _Outcome = HANDLERS[type(act)](OperationContext(act, actor, now, parts, secret))
    return outcome
