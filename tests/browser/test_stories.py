"""What people do before the pages of a live server, in a real Chromium, with JavaScript and without."""

from collections.abc import Callable

import pytest

from tests.support.visitor import Scene, Visitor, current_code, wrong_code

pytestmark = pytest.mark.chromium

_SUBMIT = """
document.getElementById("consent").dispatchEvent(new SubmitEvent("submit", {cancelable: true}))
"""
DID_NOT_WORK = "That did not work. Check what you entered and try again."


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-11", "FAPI2-SP-FINAL-5.3.2.2-13", "RFC9207-2")
def test_a_person_signs_in_and_allows_what_is_asked(visitor: Visitor, scene: Scene) -> None:
    state = visitor.start()
    assert visitor.page.inner_text("h1") == "Sign in to continue to Tiny Ledger"
    assert visitor.page.inner_text(".party-domain") == "app.example"
    visitor.sign_in()
    visitor.arrives_at("/login/totp")
    visitor.page.wait_for_selector("#totp:focus")
    visitor.enter_code()
    visitor.arrives_at("/consent")
    shown = visitor.page.inner_text("main")
    for words in ("Allow Tiny Ledger to use your data?", "Your accounts", "Until", "If you say no", "To stop it later"):
        assert words in shown
    assert f"Signed in as {visitor.username}" in visitor.page.inner_text("header")
    visitor.page.click("#approve")
    answer = visitor.answer()
    assert set(answer) == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == (state, scene.server.issuer)


@pytest.mark.spec("RFC6749-4.1.2.1-2")
def test_a_person_says_no(visitor: Visitor) -> None:
    visitor.reach_consent()
    visitor.page.click("#deny")
    assert visitor.answer()["error"] == "access_denied"


@pytest.mark.parametrize("javascript", [True], indirect=True)
def test_a_form_on_its_way_is_not_sent_again_until_its_page_is_shown_anew(visitor: Visitor) -> None:
    visitor.reach_consent()
    assert visitor.page.evaluate(_SUBMIT) is True
    assert visitor.page.evaluate(_SUBMIT) is False
    visitor.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")
    assert visitor.page.evaluate(_SUBMIT) is False, "a page that finishes loading late is not shown anew"
    visitor.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    visitor.page.dblclick("#approve", no_wait_after=True)
    assert "code" in visitor.answer()


def test_a_person_cancels_at_the_password(visitor: Visitor) -> None:
    visitor.start()
    visitor.page.click("#cancel")
    assert visitor.answer()["error"] == "access_denied"


def test_a_person_cancels_at_the_second_factor(visitor: Visitor) -> None:
    visitor.start()
    visitor.sign_in()
    visitor.page.click("#cancel")
    assert visitor.answer()["error"] == "access_denied"


def test_a_code_may_be_typed_as_phones_show_it(visitor: Visitor) -> None:
    visitor.start()
    visitor.sign_in()
    visitor.page.wait_for_selector("#totp:focus")
    code = current_code()
    visitor.page.keyboard.type(f"{code[:3]} {code[3:]}")
    visitor.page.keyboard.press("Enter")
    visitor.arrives_at("/consent")


def test_a_code_may_be_pasted(visitor: Visitor, *, javascript: bool) -> None:
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.start()
    visitor.sign_in()
    code = current_code()
    if javascript:
        visitor.page.evaluate("text => navigator.clipboard.writeText(text)", f" {code[:3]} {code[3:]}\n")
    else:  # copied from a field, as there is no script to ask for it
        visitor.page.fill("#totp", f" {code[:3]} {code[3:]} ")
        visitor.page.keyboard.press("Control+A")
        visitor.page.keyboard.press("Control+X")
    assert visitor.page.input_value("#totp") == ""
    visitor.page.keyboard.press("Control+V")
    visitor.page.click("#submit")
    visitor.arrives_at("/consent")


@pytest.mark.spec("ASVS5-6.3.8")
def test_a_wrong_password_and_a_wrong_name_get_the_same_words_and_the_focus_goes_to_them(visitor: Visitor) -> None:
    visitor.start()
    visitor.sign_in("not-the-password")
    assert_told_that_it_did_not_work(visitor, "username")
    known_name = visitor.page.inner_text("main")
    visitor.page.fill("#username", "nobody-here")
    visitor.page.fill("#password", "not-the-password")
    visitor.page.click("#submit")
    assert visitor.page.input_value("#username") == "nobody-here"
    assert visitor.page.inner_text("main") == known_name
    assert visitor.page.input_value("#password") == "", "a password never stands in a page"
    visitor.sign_in()
    visitor.arrives_at("/login/totp")


def test_a_wrong_code_gets_the_same_words_and_the_focus_goes_to_them(visitor: Visitor) -> None:
    visitor.start()
    visitor.sign_in()
    visitor.enter_code(wrong_code())
    assert_told_that_it_did_not_work(visitor, "totp")
    visitor.enter_code()
    visitor.arrives_at("/consent")


def assert_told_that_it_did_not_work(visitor: Visitor, field: str) -> None:
    """Hold that the summary has the focus, says the one text, and leads to the field."""
    page = visitor.page
    page.wait_for_selector(".error-summary:focus")
    assert page.title().startswith("Error: ")
    assert page.inner_text(".error-summary li") == DID_NOT_WORK
    assert page.get_attribute(f"#{field}", "aria-invalid") == "true"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#{field}:focus")


def test_a_person_without_a_second_factor_is_told_what_to_do(
    new_visitor: Callable[..., Visitor], *, javascript: bool
) -> None:
    bob = new_visitor(javascript=javascript, totp=False)
    bob.start()
    bob.sign_in()
    assert bob.page.inner_text("h1") == "This needs more than a password"
    assert "authenticator app" in bob.page.inner_text("ol")
    bob.page.click("#cancel")
    assert bob.answer()["error"] == "unmet_authentication_requirements"


def test_a_person_without_a_second_factor_signs_in_where_none_is_needed(
    new_visitor: Callable[..., Visitor], *, javascript: bool
) -> None:
    bob = new_visitor(javascript=javascript, totp=False)
    bob.start(scope="openid email")
    assert bob.page.inner_text(".step") == "Step 1 of 2: sign in"
    bob.sign_in()
    bob.arrives_at("/login/passkey/offer")
    bob.page.click("#cancel")
    bob.arrives_at("/consent")
    bob.page.click("#approve")
    assert "code" in bob.answer()


def test_who_allowed_it_before_is_asked_nothing_and_again_only_where_the_app_wants(visitor: Visitor) -> None:
    visitor.reach_consent()
    visitor.page.click("#approve")
    visitor.answer()
    visitor.start()
    assert "code" in visitor.answer()
    visitor.start(prompt="login")
    assert visitor.page.inner_text("h1") == "Confirm it is you"
    assert visitor.page.input_value("#username") == visitor.username


@pytest.mark.spec("OAUTH-FORM-POST-2")
@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_an_answer_may_be_posted(visitor: Visitor, scene: Scene, decision: str, *, javascript: bool) -> None:
    state = visitor.reach_consent(response_mode="form_post")
    visitor.page.click(f"#{decision}")
    if not javascript:
        assert visitor.page.inner_text("h1") == "You are going back to Tiny Ledger"
        visitor.page.click("#continue")
    visitor.page.wait_for_url(scene.site.callback)
    method, given = scene.site.answer(state)
    assert method == "POST"
    assert ("code" if decision == "approve" else "error") in given


@pytest.mark.parametrize("response_mode", ["query", "form_post"])
def test_an_app_may_send_the_person_on_to_another_origin(
    visitor: Visitor, scene: Scene, response_mode: str, *, javascript: bool
) -> None:
    state = visitor.reach_consent(redirect_uri=scene.site.callback_onward, response_mode=response_mode)
    visitor.page.click("#approve")
    if response_mode == "form_post" and not javascript:
        visitor.page.click("#continue")
    visitor.page.wait_for_url(scene.site.third_page)
    assert "code" in scene.site.answer(state)[1]


def test_a_person_signs_out(visitor: Visitor, scene: Scene) -> None:
    visitor.reach_consent()
    visitor.page.click("header >> text=Sign out")
    assert visitor.page.inner_text("h1") == "Sign out of Harbour Bank?"
    visitor.page.click("#submit")
    assert visitor.page.inner_text("h1") == "You are signed out"
    visitor.page.goto(f"{scene.server.issuer}/logout")
    assert visitor.page.inner_text("h1") == "You are signed out"
