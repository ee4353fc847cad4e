"""The settings of payments and bank accounts, and the one by which a deployment goes without them."""

from types import MappingProxyType
from typing import Annotated, Literal

from msgspec import Meta

from authserver.protocol.details.registry import TYPES
from authserver.settings import kinds
from authserver.settings.public import PublicSettings


class BankingSettings(PublicSettings, frozen=True, kw_only=True):
    """What an operator can set of payments and bank accounts."""

    banking: Literal["on", "off"] = "on"
    """Whether apps may ask for payments and bank accounts with authorization details. With `off` their types are
    neither advertised nor accepted, and there is no page to approve a payment."""
    detail_acr: kinds.DetailAcrs = MappingProxyType({name: known.acr for name, known in TYPES.items()})
    """The lowest acr that each type of authorization details requires."""
    payment_token_lifetime: Annotated[int, Meta(ge=10, le=300)] = 60
    """How long an access token for one payment lasts, in seconds."""
    payment_unlinked_limit: kinds.Amounts = ("30.00 EUR",)
    """The largest amount of a payment that a person may approve with a code from an authenticator app, which is not
    bound to the amount and the payee. A larger payment, or one in another currency, needs a passkey. The default is the
    amount of RTS Art. 16; such payments are not counted."""

    def detail_types(self) -> frozenset[str]:
        """Return the types of authorization details that this deployment offers.

        Spec: RFC9396-10
        """
        return frozenset(TYPES) if self.banking == "on" else frozenset()
