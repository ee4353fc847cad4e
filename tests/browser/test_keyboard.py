"""The pages with a keyboard alone: every control is reached, in order, is seen to be reached, and works."""

from collections.abc import Callable

import pytest

from tests.support.visitor import Scene, Visitor, current_code

pytestmark = pytest.mark.chromium

# What has the focus, and whether a person sees that: in the picture, not covered, with a ring of three pixels.
FOCUSED = """() => {
  const element = document.activeElement, style = getComputedStyle(element);
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const inside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
  const above = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return {
    name: element.id || element.textContent.trim(),
    seen: inside && (element === above || element.contains(above)),
    ring: style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 3,
  };
}"""


def walk(visitor: Visitor, last: str) -> list[str]:
    """Press Tab until a control has the focus; return the names of all on the way, each of which must show it."""
    names: list[str] = []
    while last not in names:
        visitor.page.keyboard.press("Tab")
        focused = visitor.page.evaluate(FOCUSED)
        assert focused["seen"], focused
        assert focused["ring"], focused
        names.append(focused["name"])
        assert len(names) < 20, f"{last} is not reached: {names}"
    return names


def press(visitor: Visitor, key: str, path: str) -> None:
    """Press a key and come to a page."""
    visitor.page.keyboard.press(key)
    visitor.arrives_at(path)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_a_person_without_a_mouse_gets_from_the_password_to_the_answer(
    new_visitor: Callable[..., Visitor], decision: str, theme: str
) -> None:
    visitor = new_visitor()
    visitor.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of the two
    visitor.page.set_viewport_size({"width": 320, "height": 640})
    visitor.start()
    assert walk(visitor, "username") == ["Skip to main content", "username"]
    visitor.page.keyboard.type(visitor.username)
    assert walk(visitor, "password") == ["password"]
    visitor.page.keyboard.type("not-the-password")
    press(visitor, "Enter", "/login")
    visitor.page.wait_for_selector(".error-summary:focus")
    assert visitor.page.evaluate(FOCUSED)["ring"]
    assert walk(visitor, "password") == ["error-text", "username", "password"]
    visitor.page.keyboard.type("correct-horse-battery-staple")
    assert walk(visitor, "submit") == ["submit"]
    press(visitor, "Enter", "/login/totp")
    visitor.page.wait_for_selector("#totp:focus")
    assert visitor.page.evaluate(FOCUSED)["ring"]
    visitor.page.keyboard.type(current_code())
    press(visitor, "Enter", "/consent")
    names = walk(visitor, "deny")
    assert (names[:2], names[-2:]) == (["Skip to main content", "Sign out"], ["approve", "deny"])
    if decision == "approve":
        visitor.page.keyboard.press("Shift+Tab")
    visitor.page.keyboard.press("Space")
    assert ("code" if decision == "approve" else "error") in visitor.answer()


def test_the_first_tab_skips_to_the_main_part(new_visitor: Callable[..., Visitor]) -> None:
    visitor = new_visitor()
    visitor.start()
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_selector("main:focus")
    assert walk(visitor, "username") == ["username"]


def test_who_is_led_off_by_a_posting_page_can_do_it_by_key(new_visitor: Callable[..., Visitor], scene: Scene) -> None:
    visitor = new_visitor(javascript=False)
    state = visitor.reach_consent(response_mode="form_post")
    visitor.page.click("#deny")
    visitor.page.wait_for_selector("#continue")
    walk(visitor, "continue")
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url(scene.site.callback)
    assert scene.site.answer(state)[1]["error"] == "access_denied"
