"""Pages speak the language of the person before them."""

import re
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from babel.dates import get_month_names
from werkzeug.test import TestResponse

from authserver.assets import find_assets
from authserver.banking.text import payment_facts
from authserver.db.engine import Database
from authserver.messages import LANGUAGES
from authserver.web.pages import i18n
from tests.support import tour
from tests.support.deployment import ISSUER, Deployment, deploy
from tests.support.details import PAYMENT, RECURRING
from tests.support.page_text import PseudoTranslations, outside_the_catalogues, read_page
from tests.support.person import Person
from tests.support.relying_party import RelyingParty

SITE = "Harbour Bank"
HEADINGS = {"en": "Sign in to continue to Tiny Ledger", "de": "Melden Sie sich an", "fr": "Connectez-vous"}
# What people and apps wrote, what CLDR writes, and a payment's text, which is signed and has words of its own.
NAMES = ("Tiny Ledger", SITE, "app.example", "alice", "bob", "carol", "dora", "ella")
CLDR = (*get_month_names("wide", locale="de").values(), "Minute", "Minuten", "UTC")
SIGNED = tuple(
    fact.term
    for payment in ({**PAYMENT, "debtorAccount": PAYMENT["creditorAccount"]}, RECURRING)
    for fact in payment_facts(payment, "de")
)
Tour = Callable[[Deployment, str], Iterator[TestResponse]]


@pytest.fixture
def deployment(sqlite_database: Database, sqlite_url: str) -> Deployment:
    """A deployment whose name cannot be mistaken for words of ours."""
    return deploy(sqlite_database, sqlite_url, site_name=SITE)


@pytest.fixture
def new_deployment(new_deployment: Callable[..., Deployment]) -> Callable[..., Deployment]:
    """What makes one fresh deployment after another, all of that name."""
    return partial(new_deployment, site_name=SITE)


@pytest.fixture
def person(deployment: Deployment) -> Person:
    """Alice, whose browser says nothing of languages."""
    return Person(deployment)


def _language(page: TestResponse) -> str:
    found = re.search(r'<html lang="([^"]+)">', page.text)
    assert found is not None
    assert page.headers["Content-Language"] == found[1]
    return found[1]


@pytest.mark.spec("OIDCC-3.1.2.1")
@pytest.mark.parametrize(
    ("asked_for", "language"),
    [
        ("de", "de"),
        ("fr-CA en", "fr"),
        ("se fr", "fr"),
        ("se", "en"),
        pytest.param("x" * 36 + " " + ("y" * 40 + " ") * 16 + "de", "de", id="what is no tag takes no place"),
    ],
)
def test_an_app_says_which_languages_its_person_speaks(
    app: RelyingParty, person: Person, asked_for: str, language: str
) -> None:
    assert _language(person.open(app.authorization_url(ui_locales=asked_for))) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_word_from_the_app_the_browser_is_asked(app: RelyingParty, language: str) -> None:
    person = tour.arrives(app.deployment, f"{language}-XX, pt;q=0.5")
    page = person.open(app.authorization_url())
    assert _language(page) == language
    assert HEADINGS[language] in page.text


def test_a_link_on_the_page_changes_its_language_for_this_sign_in_and_the_next(
    app: RelyingParty, person: Person
) -> None:
    page = person.open(app.authorization_url(ui_locales="de"))
    link = re.search(r'<a href="(\?[^"]+)" lang="fr"', page.text)
    assert link is not None
    answer = person.browser.get(page.request.path + link[1].replace("&amp;", "&"), base_url=ISSUER)
    assert (answer.status_code, answer.headers["Location"]) == (303, "?" + page.request.query_string.decode())
    page = person.open(page.request.path + answer.headers["Location"])
    assert _language(page) == "fr"
    assert "Saisissez le code" in person.sign_in(page).text
    app.deployment.wait(60)
    assert _language(person.open(app.authorization_url(prompt="login"))) == "fr"
    assert _language(person.open(app.authorization_url(ui_locales="de", prompt="login"))) == "de"


def test_an_unknown_language_in_a_link_changes_nothing(app: RelyingParty, person: Person) -> None:
    page = person.open(app.authorization_url())
    again = person.open(page.request.full_path + "&lang=xx")
    assert (again.status_code, _language(again)) == (200, "en")
    assert "Set-Cookie" not in again.headers


def test_a_form_that_goes_back_to_an_app_speaks_the_language_the_app_asked_for(
    app: RelyingParty, person: Person
) -> None:
    page = person.open(app.authorization_url(ui_locales="de", response_mode="form_post"))
    answer = person.decide(person.enter_code(person.sign_in(page)), "approve")
    assert '<html lang="de">' in answer.text
    assert "Weiter zu Tiny Ledger" in answer.text


def test_what_one_request_was_told_is_forgotten_by_the_next(app: RelyingParty, person: Person) -> None:
    assert _language(person.open(app.authorization_url(ui_locales="de"))) == "de"
    assert '<html lang="en">' in Person(app.deployment).open("/nowhere").text


def test_machines_are_answered_in_english(app: RelyingParty) -> None:
    answer = app.send("/token", {"grant_type": "x"}, headers={"Accept-Language": "de"})
    assert "Content-Language" not in answer.headers
    assert app.send("/.well-known/openid-configuration").json["ui_locales_supported"] == list(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("walk", tour.EVERY, ids=lambda walk: walk.__name__)
def test_every_page_is_there_in_every_language(deployment: Deployment, walk: Tour, language: str) -> None:
    for page in walk(deployment, language):
        assert page.status_code < 500, page.text
        assert f'<html lang="{language}">' in page.text, page.request.path
        assert page.headers["Content-Language"] == language


def test_no_page_says_anything_but_what_is_in_the_catalogues(
    new_deployment: Callable[..., Deployment], monkeypatch: pytest.MonkeyPatch
) -> None:
    pseudo = PseudoTranslations()
    monkeypatch.setattr(i18n, "read_texts", lambda _language: pseudo)
    templates: set[str] = set()
    by_invitation = new_deployment(first_factor_enrolment="invitation")
    walks = [*((walk, new_deployment()) for walk in tour.EVERY), (tour.missing_factor_pages, by_invitation)]
    for walk, deployment in walks:
        for page in walk(deployment, "de"):
            assert page.status_code < 500, page.request.path
            assert any("á" in text for text in read_page(page.text))
            assert outside_the_catalogues(page.text, (*NAMES, *CLDR, *SIGNED)) == [], page.request.path
        templates |= {name for _, name in deployment.app.extensions["authserver"].pages.environment("de").cache}
    folder = find_assets("templates")
    ours = {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}
    assert templates == {name for name in ours if not name.startswith("sandbox/")}


def test_a_text_outside_the_catalogues_is_noticed() -> None:
    page = '<html lang="de"><p title="Off you go">{} <bdi>Bob</bdi> <i lang="fr">Oui</i></p><code>x</code>Bob 2 days'
    assert outside_the_catalogues(page.format("śíǵń"), ["Bob"]) == ["Off you go", "Bob 2 days"]


def test_a_page_with_an_error_offers_its_languages_too(app: RelyingParty, person: Person) -> None:
    page = person.open(app.authorization_url())
    refused = person.submit(page.request.full_path, page, username="alice", password="not it")
    assert 'hreflang="de"' in refused.text
    assert 'hreflang="de"' not in person.open("/nowhere").text, "a refusal repeats nothing of its address"
    assert 'hreflang="de"' not in person.browser.post("/account/stay", base_url=ISSUER).text
