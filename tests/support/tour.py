"""A walk past every page of a deployment, in one language, for what must be true of them all."""

import os
import re
from collections.abc import Callable, Iterator

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from authserver.accounts.factors.passkey import store as passkeys
from authserver.accounts.factors.recovery.codes import new_codes, replace_codes
from authserver.accounts.invitations import invite
from authserver.accounts.store import people
from authserver.protocol.names import GRANT_DEVICE_CODE
from authserver.selfservice.account_page import PATHS
from tests.support.deployment import CLAIMS, ISSUER, Deployment
from tests.support.details import ACCOUNTS, BANK_ACCOUNTS, FUNDS, PAYMENT, RECURRING, text_of
from tests.support.login_app import finish, register_login_app
from tests.support.passkeys import enrol_passkey
from tests.support.payment_pages import approve_with
from tests.support.person import Person
from tests.support.relying_party import RelyingParty, register, register_bank

_ALL_SCOPES = "openid profile email address phone accounts payments offline_access"
_KEY = re.compile(r'<pre tabindex="0"><code>([A-Z2-7 ]+)</code>')
_TYPES = [str(each["type"]) for each in (PAYMENT, ACCOUNTS, FUNDS, RECURRING)]

Walk = Callable[[Deployment, str], Iterator[TestResponse]]
"""Shows one page after the other, in a language."""


def arrives(deployment: Deployment, accepted: str, username: str = "alice") -> Person:
    """Return a person whose browser prefers these languages."""
    person = Person(deployment, username)
    assert isinstance(person.browser, FlaskClient)
    person.browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = accepted
    return person


def sign_in_pages(deployment: Deployment, language: str) -> Iterator[TestResponse]:
    """Yield the pages of a sign-in: each asked for, refused once, and passed; and those of signing out."""
    register_bank(deployment)
    person, app = arrives(deployment, language), register(deployment, scope=_ALL_SCOPES)
    keep_recovery_codes(deployment)
    page = person.open(app.authorization_url(scope=_ALL_SCOPES))
    yield page
    yield person.submit(page.request.full_path, page, username="alice", password="not it")
    page = person.sign_in(page)
    yield page
    yield person.submit(page.request.full_path, page, totp="000000")
    yield person.browser.get(page.request.full_path.replace("/login/totp", "/login/recovery"), base_url=ISSUER)
    yield person.enter_code(page)
    yield person.open(app.authorization_url(prompt="login"))
    page = person.open(app.authorization_url(response_mode="form_post"))
    yield page
    yield person.decide(page, "deny")
    page = person.open("/logout")
    yield page
    yield person.submit("/logout", page)


def passkey_pages(deployment: Deployment, language: str) -> Iterator[TestResponse]:
    """Yield the page that asks for a passkey, and what it says to a wrong answer."""
    app = _app(deployment)
    keep_recovery_codes(deployment)
    enrol_passkey(deployment, "alice")
    person = arrives(deployment, language)
    page = person.open(app.authorization_url(scope="openid accounts"))
    yield person.open(page.request.full_path.replace("/login", "/login/passkey/sign-in"))
    page = person.sign_in(page)
    yield page
    yield person.submit(page.request.full_path, page, credential="{}")


def offer_pages(deployment: Deployment, language: str) -> Iterator[TestResponse]:
    """Yield the offer of a passkey after a password alone, and what it says to a wrong answer."""
    deployment.add_person("ella", totp=False, offered=False)
    app, person = _app(deployment), arrives(deployment, language, "ella")
    page = person.sign_in(person.open(app.authorization_url(scope="openid")))
    yield page
    yield person.submit(page.request.full_path, page, action="passkey", credential="{}")


def blocked_pages(deployment: Deployment, language: str) -> Iterator[TestResponse]:
    """Yield the sign-in page as it warns, and as it bids someone wait."""
    app, person = _app(deployment), arrives(deployment, language)
    page = person.open(app.authorization_url())
    for _ in range(7):
        page = person.submit(page.request.full_path, page, username="nobody", password="not it")
        yield page


def missing_factor_pages(deployment: Deployment, language: str) -> Iterator[TestResponse]:
    """Yield what someone without a second factor is shown, up to the one that is added on the way."""
    app, person = _app(deployment), arrives(deployment, language, "bob")
    page = person.sign_in(person.open(app.authorization_url(scope="openid accounts")))
    yield page
    yield person.open("/account")
    yield person.open("/account/methods")
    yield person.open("/account/second-factor")
    key = _KEY.search(page.text)
    if key is not None:
        yield person.submit(page.request.full_path, page, totp="000000")
        person.seed = key[1].replace(" ", "")
        yield person.enter_code(page)


def consent_pages(deployment: Deployment, language: str) -> Iterator[TestResponse]:
    """Yield consent to details, refused for want of a choice, and where it cannot be given."""
    deployment.add_person("carol", totp=True, claims={**CLAIMS, "bank_accounts": BANK_ACCOUNTS})
    app = _app(deployment)
    for username in ("carol", "alice"):
        person = arrives(deployment, language, username)
        asked = app.authorization_url(scope="openid", authorization_details=text_of(ACCOUNTS, FUNDS))
        page = person.sign_in(person.open(asked))
        page = person.enter_code(page) if page.request.path == "/login/totp" else page
        deployment.wait(30)
        yield page
    person = arrives(deployment, language, "carol")
    asked = app.authorization_url(scope="openid", authorization_details=text_of(ACCOUNTS))
    page = person.enter_code(person.sign_in(person.open(asked)))
    yield person.decide(page, "approve")
    one_by_one = '{"userinfo": {"email": null, "phone_number": null, "birthdate": null}}'
    yield person.open(app.authorization_url(scope="openid", claims=one_by_one, prompt="consent"))


def device_pages(deployment: Deployment, language: str) -> Iterator[TestResponse]:
    """Yield the pages of a device's code: typed, unknown, found, and answered in both ways."""
    grants = [GRANT_DEVICE_CODE]
    members = {"token_endpoint_auth_method": "none", "redirect_uris": [], "grant_types": grants, "scope": "openid"}
    device = register_login_app(deployment, "television", **members)
    for decision in ("approve", "deny"):
        told = device.authenticated("/device_authorization", {"scope": "openid"}).json
        person = arrives(deployment, language)
        page = person.open(f"/device?user_code={told['user_code']}")
        yield page
        yield person.send(page, user_code="BBBB-BBBB", action="find")
        found = person.send(page, user_code=told["user_code"], action="find")
        yield found
        page = person.submit("/device", found, action="continue")
        yield finish(person, page, decision)


def payment_pages(deployment: Deployment, language: str) -> Iterator[TestResponse]:
    """Yield payments to be approved: with a code, with a wrong one, with a passkey, and where none will do."""
    app = _app(deployment)
    small = {**PAYMENT, "instructedAmount": {"currency": "EUR", "amount": "25.40"}}
    for payment in (small, PAYMENT, RECURRING):
        person = arrives(deployment, language)
        asked = app.authorization_url(scope="openid", authorization_details=text_of(payment))
        page = person.sign_in(person.open(asked))
        yield page
        if payment is small:
            yield person.submit(page.request.full_path, page, decision="approve", totp="000000")
    key = enrol_passkey(deployment, "alice")
    person = arrives(deployment, language)
    page = person.sign_in(person.open(app.authorization_url(authorization_details=text_of(PAYMENT))))
    yield page
    yield person.submit(page.request.full_path, page, decision="approve", credential="{}")
    person = arrives(deployment, language)
    asked = app.authorization_url(scope="openid accounts", authorization_details=text_of(RECURRING))
    page = person.sign_in(person.open(asked))
    yield page
    yield approve_with(person, page, key)


def account_pages(deployment: Deployment, language: str) -> Iterator[TestResponse]:
    """Yield every page of one's own account, with something on it, and forms that are refused."""
    app, person = _app(deployment), arrives(deployment, language)
    Person(deployment).approve(app.authorization_url(scope="openid accounts"))
    deployment.wait(30)
    keep_recovery_codes(deployment)
    page = person.open("/account")
    yield page
    page = person.sign_in(page)
    yield page
    yield person.enter_code(page)
    enrol_passkey(deployment, "alice")
    for path in PATHS:
        page = person.open(path)
        if page.mimetype == "text/html":
            yield page
    yield person.submit("/account/recovery-codes", person.open("/account/recovery-codes"))
    yield person.open(f"/account/apps?stop={app.client_id}")
    yield person.open("/account/sessions?changed=1")
    for path in ("/account/password", "/account/generator", "/account/passkeys"):
        page = person.open(path)
        wrong = {"password": "not it", "new_password": "password", "totp": "000000", "credential": "{}", "name": ""}
        yield person.submit(path, page, **wrong)
    person = arrives(deployment, language)
    page = person.open("/account")
    yield person.submit(page.request.full_path, page, action="cancel")


def bare_account_pages(deployment: Deployment, language: str) -> Iterator[TestResponse]:
    """Yield every page of an account on which there is nothing yet, and those on which a passkey is blocked."""
    bob, alice = arrives(deployment, language, "bob"), arrives(deployment, language)
    page = bob.sign_in(bob.open("/account"))
    for path in PATHS:
        page = bob.open(path)
        if page.mimetype == "text/html":
            yield page
    enrol_passkey(deployment, "alice")
    with deployment.database.transaction() as connection:
        account = people.find_by_username(connection, "alice")
        assert account is not None
        (key,) = passkeys.find_all(connection, account.account_id)
        assert passkeys.disable(connection, key.passkey_id, deployment.now)
    page = alice.sign_in(alice.open("/account"))
    yield page
    yield alice.enter_code(page)
    yield alice.open("/account/methods")


def invitation_pages(deployment: Deployment, language: str) -> Iterator[TestResponse]:
    """Yield an invitation as it is opened, refused, taken up, and used up."""
    account_id = deployment.add_person("dora", totp=False)
    with deployment.database.transaction() as connection:
        invitation = invite(connection, account_id, deployment.now, 3600)
    person = arrives(deployment, language, "dora")
    page = person.open(f"/invitation?invitation={invitation}")
    yield page
    yield person.submit(page.request.full_path, page, new_password="password")
    yield person.submit(page.request.full_path, page, new_password="seven-quiet-herons-wade")
    yield person.open(page.request.full_path)


def error_pages(deployment: Deployment, language: str) -> Iterator[TestResponse]:
    """Yield the front page, and those that say what went wrong."""
    app, person = _app(deployment), arrives(deployment, language)
    yield person.open("/")
    yield person.open("/nowhere")
    yield person.open("/login?interaction=unknown")
    yield person.open("/authorize?client_id=nobody")
    yield person.open(f"/authorize?client_id={app.client_id}&request_uri=urn:ietf:params:oauth:request_uri:unknown")
    yield person.browser.post("/login", base_url=ISSUER, data={"a": "b" * 100_000})


EVERY = (
    sign_in_pages,
    passkey_pages,
    offer_pages,
    blocked_pages,
    missing_factor_pages,
    consent_pages,
    device_pages,
    payment_pages,
    account_pages,
    bare_account_pages,
    invitation_pages,
    error_pages,
)


def keep_recovery_codes(deployment: Deployment) -> None:
    """Give alice recovery codes."""
    with deployment.database.transaction() as connection:
        account = people.find_by_username(connection, "alice")
        assert account is not None
        replace_codes(connection, account.account_id, new_codes(os.urandom), deployment.now)


def _app(deployment: Deployment) -> RelyingParty:
    register_bank(deployment, authorization_details_types=_TYPES)
    scope = "openid profile email phone accounts payments"
    return register(deployment, scope=scope, authorization_details_types=_TYPES)
