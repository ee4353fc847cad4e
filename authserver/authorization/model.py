"""A stored request, the interaction in which a browser carries it out, and who is signed in in that browser."""

from authserver.accounts.factors.model import Enrolled
from authserver.accounts.model import Account
from authserver.authorization.answers.model import Delivery, OwnPage
from authserver.authorization.asked import AuthorizationRequest
from authserver.grants.model import Consent
from authserver.sessions.model import Session
from authserver.values import Value, field


class Interaction(Value, frozen=True):
    """One browser carrying out one request; found only with the id in its URL and the cookie of that browser.

    `request` is what is asked, `delivery` how it is answered. `opened_with_session` is the hash of the session cookie
    it came with, so that a later sign-in can be told from that one. `refused_with` is an OAuth error code that a page
    has decided on. `approved_by` is the account whose approval `approval_id` is.
    """

    interaction_hash: bytes
    request_uri_hash: bytes
    client_id: str
    request: AuthorizationRequest
    delivery: Delivery
    opened_with_session: bytes | None
    created_at: int
    expires_at: int
    consent_id: str | None
    refused_with: str | None
    completed_at: int | None
    approval_id: str | None = None
    approved_by: str | None = None

    @property
    def is_own(self) -> bool:
        """Return whether it leads to a page of ours: there is nothing to consent to, and nothing is issued."""
        return isinstance(self.delivery, OwnPage)

    @property
    def is_over(self) -> bool:
        """Return whether it has nothing left for a person to do."""
        return self.completed_at is not None or self.refused_with is not None

    @property
    def awaits_approval(self) -> bool:
        """Return whether a payment of this request has not been approved yet, in this very interaction.

        Spec: RTS-SCA-5.1
        """
        return self.request.payment is not None and self.approval_id is None


class PushedRequest(Value, frozen=True):
    """A pushed request as stored; `text` is the request as its row has it."""

    request_uri_hash: bytes
    client_id: str
    text: str
    expires_at: int
    spent_at: int | None


class BrowserCookies(Value, frozen=True):
    """What a browser showed of itself: the cookie it is known by, and that of its session; empty where it has none."""

    browser: str
    session: str


class Visitor(Value, frozen=True):
    """Who is signed in in a browser, if anyone, and what they can prove themselves by.

    `session` and `account` are both there or both None; a locked account counts as nobody. `session_hash` is the hash
    of the cookie that the session came with.
    """

    session_hash: bytes | None = None
    session: Session | None = None
    account: Account | None = None
    enrolled: Enrolled = field(default_factory=Enrolled)


class Visit(Value, frozen=True):
    """A browser's return to its interaction, and who is signed in there.

    `given` is what that person allowed in this interaction, if it still stands.
    """

    interaction: Interaction
    visitor: Visitor
    given: Consent | None = None
