"""Passkeys in a real Chromium, with its virtual authenticator in the place of a device."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.support.authenticator import SoftwareKey
from tests.support.virtual_authenticator import Device, enrol, passkeys_of
from tests.support.visitor import Scene, Visitor

pytestmark = pytest.mark.chromium

PHISHING_RESISTANT = {"acr_values": "phr"}


@pytest.fixture
def visitor(new_visitor: Callable[..., Visitor]) -> Visitor:
    """A fresh visitor with scripts and an authenticator app."""
    return new_visitor()


@pytest.mark.spec("WEBAUTHN-7.2", "RTS-SCA-4.1")
def test_a_passkey_is_the_second_factor(visitor: Visitor, scene: Scene) -> None:
    key = enrol(scene.server, visitor.username)
    visitor.start()
    visitor.sign_in()
    visitor.arrives_at("/login/passkey")
    Device(visitor.page).hold(key, scene.server)
    assert visitor.page.inner_text("h1") == "Confirm it is you with your passkey"
    visitor.page.click("#submit")
    visitor.arrives_at("/consent")
    visitor.page.click("#approve")
    assert "code" in visitor.answer()
    [used] = passkeys_of(scene.server, visitor.username)
    assert used.sign_count > 1


@pytest.mark.spec("WEBAUTHN-7.2", "RTS-SCA-4.1")
@pytest.mark.parametrize("synced", [False, True])
def test_a_passkey_alone_signs_in_without_a_name(visitor: Visitor, scene: Scene, *, synced: bool) -> None:
    key = enrol(scene.server, visitor.username, SoftwareKey(synced=synced, count=0 if synced else 1))
    visitor.start(**PHISHING_RESISTANT)
    expect(visitor.page.locator("#use-passkey")).to_be_visible()
    Device(visitor.page).hold(key, scene.server)
    visitor.page.click("#use-passkey")
    visitor.arrives_at("/consent")
    assert f"Signed in as {visitor.username}" in visitor.page.inner_text("header")


@pytest.mark.spec("WEBAUTHN-7.2")
def test_the_autofill_of_the_sign_in_page_offers_the_passkey(visitor: Visitor, scene: Scene) -> None:
    key = enrol(scene.server, visitor.username)
    Device(visitor.page).hold(key, scene.server)
    visitor.start()
    visitor.arrives_at("/consent")  # the virtual authenticator picks its one passkey from the autofill by itself


@pytest.mark.spec("RTS-SCA-4.1")
def test_a_key_without_a_lock_is_a_second_factor_and_never_more(visitor: Visitor, scene: Scene) -> None:
    key = enrol(scene.server, visitor.username)
    visitor.start(**PHISHING_RESISTANT)
    Device(visitor.page, has_lock=False).hold(key, scene.server)
    visitor.page.click("#use-passkey")
    expect(visitor.page.locator("[data-passkey-problem]")).to_be_visible()
    visitor.sign_in()
    visitor.arrives_at("/login/passkey")
    visitor.page.click("#submit")
    expect(visitor.page.locator("[data-passkey-problem]")).to_be_focused()
    visitor.start()
    visitor.arrives_at("/login/passkey")
    visitor.page.click("#submit")
    visitor.arrives_at("/consent")


def test_who_closes_the_prompt_tries_again_or_takes_another_way(visitor: Visitor, scene: Scene) -> None:
    key = enrol(scene.server, visitor.username)
    visitor.start(**PHISHING_RESISTANT, scope="openid")
    visitor.sign_in()
    visitor.arrives_at("/login/passkey")
    device = Device(visitor.page, verifies=False)
    device.hold(key, scene.server)
    visitor.page.click("#submit")  # a prompt that ends without an answer
    problem = visitor.page.locator("[data-passkey-problem]")
    expect(problem).to_be_visible()
    expect(visitor.page.locator("#submit")).to_be_enabled()
    device.set_verified(True)
    visitor.page.click("#submit")
    visitor.arrives_at("/consent")


def test_a_person_without_the_device_takes_another_way(visitor: Visitor, scene: Scene) -> None:
    enrol(scene.server, visitor.username)
    visitor.start()
    visitor.sign_in()
    visitor.arrives_at("/login/passkey")
    visitor.page.click("text=Use the code from your authenticator app instead")
    visitor.arrives_at("/login/totp")
    visitor.enter_code()
    visitor.arrives_at("/consent")


def test_a_person_cancels_at_the_passkey(visitor: Visitor, scene: Scene) -> None:
    enrol(scene.server, visitor.username)
    visitor.start()
    visitor.sign_in()
    visitor.arrives_at("/login/passkey")
    visitor.page.click("#cancel")
    assert visitor.answer()["error"] == "access_denied"


@pytest.mark.spec("WEBAUTHN-6.1.1", "WEBAUTHN-7.2-22")
def test_a_copy_of_an_authenticator_is_found_out_and_closed(visitor: Visitor, scene: Scene) -> None:
    key = enrol(scene.server, visitor.username, SoftwareKey(count=50))
    key.count = 3
    visitor.start()
    visitor.sign_in()
    visitor.arrives_at("/login/passkey")
    Device(visitor.page).hold(key, scene.server)
    visitor.page.click("#submit")
    visitor.page.wait_for_selector("text=Your passkey cannot be used any more")
    visitor.page.click("text=Use the code from your authenticator app instead")
    visitor.enter_code()
    visitor.arrives_at("/consent")
    assert [each.disabled_at is None for each in passkeys_of(scene.server, visitor.username)] == [False]


@pytest.mark.spec("WEBAUTHN-7.2")
def test_each_of_two_devices_signs_in(visitor: Visitor, new_visitor: Callable[..., Visitor], scene: Scene) -> None:
    first, second = enrol(scene.server, visitor.username), enrol(scene.server, visitor.username)
    elsewhere = new_visitor()
    elsewhere.username = visitor.username
    for person, key in ((visitor, first), (elsewhere, second)):
        Device(person.page).hold(key, scene.server)
        person.start()
        person.arrives_at("/consent")
    assert all(each.last_used_at for each in passkeys_of(scene.server, visitor.username))


def test_without_a_script_the_page_says_so_and_offers_the_other_way(
    new_visitor: Callable[..., Visitor], scene: Scene
) -> None:
    visitor = new_visitor(javascript=False)
    enrol(scene.server, visitor.username)
    visitor.start()
    assert not visitor.page.is_visible("#use-passkey")
    visitor.sign_in()
    visitor.arrives_at("/login/passkey")
    assert "Passkeys need JavaScript" in visitor.page.inner_text("main")
    visitor.page.click("#submit")
    visitor.page.wait_for_selector(".error-summary")
    visitor.page.click("text=Use the code from your authenticator app instead")
    visitor.enter_code()
    visitor.arrives_at("/consent")


@pytest.mark.spec("WEBAUTHN-7.2")
def test_under_another_name_of_the_server_the_browser_gives_no_passkey(visitor: Visitor, scene: Scene) -> None:
    key = enrol(scene.server, visitor.username)
    Device(visitor.page).hold(key, scene.server)
    own = visitor.scene.app.authorization_url(redirect_uri=scene.site.callback, state="elsewhere")
    visitor.page.goto(own.replace("https://localhost:", "https://phisher.example:"))
    assert visitor.page.url.startswith("https://phisher.example:")
    visitor.page.click("#use-passkey")
    expect(visitor.page.locator("[data-passkey-problem]")).to_be_visible()
    assert "/login?" in visitor.page.url


@pytest.mark.spec("WEBAUTHN-7.1")
def test_a_person_without_a_second_factor_makes_a_passkey_on_the_way(
    new_visitor: Callable[..., Visitor], scene: Scene
) -> None:
    visitor = new_visitor(totp=False)
    visitor.start()
    visitor.sign_in()
    visitor.arrives_at("/enrol")
    Device(visitor.page)
    visitor.page.click("#add-passkey button[type=submit]")
    expect(visitor.page.locator("#add-passkey")).to_have_count(0)
    [made] = passkeys_of(scene.server, visitor.username)
    assert made.transports == ("internal",)
