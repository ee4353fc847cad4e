"""An operator says what a deployment's own scopes mean, in the person's language, wherever a person decides on them."""

from collections.abc import Callable

import pytest

from authserver.settings.load import load_settings_from
from tests.support.deployment import Deployment
from tests.support.person import Person
from tests.support.relying_party import register, register_bank
from tests.support.tour import arrives

_WORDS = {"invoices": {"en": "See & pay your invoices", "de": "Ihre Rechnungen"}, "accounts": {"en": "Your pots"}}


@pytest.fixture
def described(new_deployment: Callable[..., Deployment]) -> Deployment:
    deployment = new_deployment(scope_descriptions=_WORDS)
    register_bank(deployment, resource_scopes="accounts invoices stamps")
    return deployment


@pytest.mark.parametrize(
    ("language", "invoices"),
    [("en", "See &amp; pay your invoices"), ("de", "Ihre Rechnungen"), ("fr", "See &amp; pay")],
)
def test_the_page_of_consent_and_that_of_connected_apps_say_it(
    described: Deployment, language: str, invoices: str
) -> None:
    app = register(described, scope="openid accounts invoices stamps")
    person = arrives(described, language)
    page = person.enter_code(
        person.sign_in(person.open(app.authorization_url(scope="openid accounts invoices stamps")))
    )
    for text in (invoices, "Your pots", "“stamps”"):
        assert text in page.text
    person.decide(page, "approve")
    apps = person.open("/account/apps")
    for text in (invoices, "Your pots", "“stamps”"):
        assert text in apps.text


def test_without_a_word_of_an_operator_our_own_words_stand(new_deployment: Callable[..., Deployment]) -> None:
    deployment = new_deployment()
    register_bank(deployment)
    person = Person(deployment)
    page = person.enter_code(
        person.sign_in(person.open(register(deployment).authorization_url(scope="openid accounts")))
    )
    assert "Your accounts" in page.text


def test_they_stand_in_a_table_of_the_file_or_as_json_in_the_environment(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path_factory.mktemp("settings") / "authserver.toml"
    file.write_text(
        'ISSUER = "https://login.example.com"\n[SCOPE_DESCRIPTIONS]\nstamps = "Stamps"\n'
        '[SCOPE_DESCRIPTIONS.invoices]\nen = "Invoices"\nfr = "Factures"\n'
    )
    assert load_settings_from(file).scope_descriptions == {
        "stamps": {"en": "Stamps"},
        "invoices": {"en": "Invoices", "fr": "Factures"},
    }
    monkeypatch.setenv("AUTHSERVER_SCOPE_DESCRIPTIONS", '{"stamps": "Postage"}')
    assert load_settings_from(file).scope_descriptions == {"stamps": {"en": "Postage"}}
