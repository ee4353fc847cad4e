"""Going back, going twice, coming late, coming from elsewhere: what the pages make of it, and what the cookies are."""

import re
import sqlite3
from collections.abc import Callable

import pytest

from tests.support.deployment import PASSWORD
from tests.support.visitor import Scene, Visitor, current_code

pytestmark = pytest.mark.chromium


def assert_over(visitor: Visitor) -> None:
    """Hold that the page says so, with everything that someone who helps would ask for."""
    page = visitor.page
    page.wait_for_selector("text=Authorization error")
    assert page.inner_text("h1") == "This sign-in has ended"
    shown = page.inner_text("main")
    assert "invalid_request" in shown
    assert re.search(r"Reference\s+[0-9a-f]{32}\b", shown)


@pytest.mark.spec("RFC9700-4.7.1-1")
def test_a_sign_in_of_another_browser_cannot_be_carried_on(
    visitor: Visitor, new_visitor: Callable[..., Visitor]
) -> None:
    visitor.start()
    stranger = new_visitor()
    stranger.page.goto(visitor.page.url)
    assert_over(stranger)
    stranger.start()
    stranger.page.goto(visitor.page.url)
    assert_over(stranger)


def test_a_sign_in_that_was_left_open_for_too_long_is_over(visitor: Visitor, scene: Scene) -> None:
    visitor.start()
    expire_everything(scene)
    visitor.sign_in()
    assert_over(visitor)


def test_a_consent_that_was_left_open_for_too_long_is_over(visitor: Visitor, scene: Scene) -> None:
    visitor.reach_consent()
    expire_everything(scene)
    visitor.page.click("#approve")
    assert_over(visitor)


def expire_everything(scene: Scene) -> None:
    """Let the time of every interaction so far be over, as fifteen minutes would."""
    database = sqlite3.connect(next(scene.server.folder.glob("**/authserver.sqlite")), timeout=10)
    with database:
        changed = database.execute("UPDATE interactions SET expires_at = created_at")
    assert changed.rowcount > 0
    database.close()


def test_going_back_after_the_answer_leads_to_no_second_one(visitor: Visitor, scene: Scene) -> None:
    state = visitor.reach_consent()
    visitor.page.click("#approve")
    visitor.answer()
    visitor.page.go_back()
    assert_over(visitor)
    assert scene.site.answer(state)[1]["code"]


def test_going_back_from_the_second_factor_and_signing_in_again_works(visitor: Visitor) -> None:
    visitor.start()
    visitor.sign_in()
    visitor.arrives_at("/login/totp")
    visitor.page.go_back()
    visitor.arrives_at("/login")
    visitor.sign_in()
    visitor.arrives_at("/login/totp")
    visitor.enter_code()
    visitor.arrives_at("/consent")


def test_two_tabs_with_a_request_each_do_not_mix(visitor: Visitor, scene: Scene) -> None:
    first, second = visitor.page, visitor.open_tab()
    one, other = visitor.start_in(first), visitor.start_in(second, scope="openid email accounts")
    for tab, steps_ahead in ((first, 0), (second, 1)):
        visitor.sign_in(page=tab)
        visitor.arrives_at("/login/totp", tab)
        visitor.enter_code(current_code(steps_ahead), tab)
        visitor.arrives_at("/consent", tab)
    assert "email" not in first.inner_text("main")
    second.click("#deny")
    second.wait_for_url(scene.site.callback + "**")
    first.click("#approve")
    first.wait_for_url(scene.site.callback + "**")
    assert scene.site.answer(other)[1]["error"] == "access_denied"
    assert "code" in scene.site.answer(one)[1]


def test_signing_out_in_one_tab_leaves_nothing_to_allow_in_the_other(visitor: Visitor, scene: Scene) -> None:
    visitor.reach_consent()
    other = visitor.open_tab()
    other.goto(f"{scene.server.issuer}/logout")
    other.click("#submit")
    visitor.page.click("#approve")
    visitor.arrives_at("/login")


@pytest.mark.spec("ASVS5-3.3.1", "ASVS5-7.2.4")
def test_cookies_keep_to_this_host_and_a_session_gets_a_new_name_at_each_authentication(
    visitor: Visitor, scene: Scene
) -> None:
    visitor.start()
    visitor.sign_in()
    visitor.arrives_at("/login/totp")
    sessions = [visitor.cookie("__Host-session")]
    visitor.enter_code()
    visitor.arrives_at("/consent")
    sessions.append(visitor.cookie("__Host-session"))
    visitor.start(prompt="login")
    visitor.page.fill("#password", PASSWORD)
    visitor.page.click("#submit")
    visitor.arrives_at("/login/totp")
    sessions.append(visitor.cookie("__Host-session"))
    assert len(set(sessions)) == 3
    cookies = visitor.context.cookies(scene.server.issuer)
    assert {each["name"] for each in cookies} == {"__Host-session", "__Host-browser", "__Host-device"}
    for each in cookies:
        assert (each["secure"], each["httpOnly"], each["sameSite"], each["path"]) == (True, True, "Lax", "/")
        assert (each["expires"] == -1) == (each["name"] != "__Host-device"), "only a known device outlives the browser"
        assert each["domain"] == "localhost", "no cookie reaches a host below ours"


@pytest.mark.spec("ASVS5-7.2.4")
def test_the_session_of_before_an_authentication_opens_nothing(visitor: Visitor, scene: Scene) -> None:
    visitor.start()
    visitor.sign_in()
    visitor.arrives_at("/login/totp")
    kept = [each for each in visitor.context.cookies() if each["name"] == "__Host-session"]
    visitor.enter_code()
    visitor.arrives_at("/consent")
    visitor.context.add_cookies(kept)  # type: ignore[arg-type]  # what it gave is what it takes
    visitor.page.goto(f"{scene.server.issuer}/logout")
    assert visitor.page.inner_text("h1") == "You are signed out"
