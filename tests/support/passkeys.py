"""Passkeys for tests: enrolled by the very acts that the pages use, and used on the pages as a script would."""

import html
import re

from werkzeug.test import TestResponse

from authserver.accounts.factors.passkey.ceremonies import begin_registration, finish_registration
from authserver.accounts.factors.passkey.ceremony_token import Ceremonies, CeremonyPurpose, CeremonyResponse
from authserver.accounts.factors.passkey.model import Passkey
from authserver.accounts.store import people
from tests.support.authenticator import SoftwareKey
from tests.support.deployment import Deployment
from tests.support.person import Person

_OPTIONS = re.compile(r'data-options="([^"]*)"')


def ceremonies_of(deployment: Deployment) -> Ceremonies:
    """Return what the deployment holds ceremonies with."""
    found = deployment.app.extensions["authserver"].passkeys
    assert isinstance(found, Ceremonies)
    return found


def enrol_passkey(deployment: Deployment, username: str, key: SoftwareKey | None = None) -> SoftwareKey:
    """Register an authenticator for a person; return it."""
    made = key or SoftwareKey()
    with deployment.database.read() as connection:
        account = people.find_by_username(connection, username)
    assert account is not None
    register(deployment, account.account_id, made)
    return made


def register(deployment: Deployment, account_id: str, key: SoftwareKey) -> Passkey:
    """Register an authenticator for an account."""
    ceremonies, asked = ceremonies_of(deployment), CeremonyPurpose("registration", "browser", account_id)
    with deployment.database.transaction() as connection:
        ceremony = begin_registration(connection, ceremonies, asked, "anyone", deployment.now)
        answer = CeremonyResponse(ceremony.token, key.register(ceremony.options))
        made = finish_registration(connection, ceremonies, asked, answer, deployment.now, name="A key")
    assert made.passkey is not None, made
    return made.passkey


def options_on(page: TestResponse) -> str:
    """Return what a page's form asks of the browser."""
    found = _OPTIONS.search(page.text)
    assert found is not None, page.text
    return html.unescape(found[1])


def use_passkey(person: Person, page: TestResponse, key: SoftwareKey, **changes: object) -> TestResponse:
    """Answer the passkey's page as its script would."""
    credential = key.sign(options_on(page), **changes)  # type: ignore[arg-type]  # members of the client data
    return person.submit(page.request.full_path, page, credential=credential)


def sign_in_with_passkey(person: Person, page: TestResponse, key: SoftwareKey, **changes: object) -> TestResponse:
    """Answer the offer on the sign-in page as its script would."""
    credential = key.sign(options_on(page), **changes)  # type: ignore[arg-type]  # members of the client data
    path = page.request.full_path.replace("/login?", "/login/passkey/sign-in?")
    return person.submit(path, page, credential=credential)
