"""What a person allowed, for the pages on which they do."""

from collections.abc import Callable, Iterable

from authserver.authorization.asked import AuthorizationRequest
from authserver.clients.model import ResourceServer
from authserver.grants.model import Consent
from authserver.interaction.step import Step
from authserver.issuance.audience import Reach, resolve_audience
from authserver.protocol.details.model import Details
from authserver.values import Assembly


class ConsentTerms(Assembly, frozen=True):
    """How a consent is made: `new_id` makes its id, `lifetime_seconds` is how long it lasts."""

    new_id: Callable[[], str]
    lifetime_seconds: int


def give_consent(terms: ConsentTerms, step: Step, details: Details) -> Consent:
    """Return a consent to exactly what was shown.

    That is the stored request, which nothing changes once it has been pushed, with its details as the person narrowed
    them. Raises TypeError where nobody is signed in.

    Spec: RFC6749-10.2, OIDCC-3.1.2.4, RFC9396-7.1
    """
    if step.account is None:
        raise TypeError("a consent is someone's")
    asked = step.interaction.request
    return Consent(
        consent_id=terms.new_id(),
        account_id=step.account.account_id,
        client_id=step.client_id,
        scope=asked.scope,
        claims=asked.single_claims(),
        resources=asked.resources,
        granted_at=step.now,
        expires_at=step.now + terms.lifetime_seconds,
        authorization_details=details,
    )


def name_apis(asked: AuthorizationRequest, servers: Iterable[ResourceServer], issuer: str) -> tuple[str, ...]:
    """Return the names of the APIs that would take the tokens of a request; none where it only tells who a person is.

    Raises InvalidTarget where it reaches nothing any more.

    Spec: RFC8707-2, RFC6749-10.2
    """
    details = asked.authorization_details
    audience = resolve_audience(Reach(asked.scope, details, details, asked.resources), servers, issuer)
    return tuple(dict.fromkeys(server.name for server in audience.readers))
