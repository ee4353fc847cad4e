import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.messages import LANGUAGES, Message
from authserver.protocol import errors
from authserver.web.machine.model import REQUEST
from authserver.web.pages import i18n
from authserver.web.pages.formats import duration, long_date, long_time, money
from authserver.web.pages.page import Pages, Site, load_pages

AT = 1_700_000_000
PAGES: Pages = load_pages(Site("Harbour Bank"), speaks_others=True)
ENGLISH_ALONE: Pages = load_pages(Site("Harbour Bank"))


@pytest.fixture(autouse=True)
def request_context() -> Iterator[dict[str, object]]:
    """A request being answered, of a browser that says nothing of languages."""
    environ: dict[str, object] = {}
    token = REQUEST.set(environ)
    yield environ
    REQUEST.reset(token)


def _cookie(language: str, at: int) -> str:
    return f"other=1; {i18n.COOKIE}={language}-{at}"


@pytest.mark.spec("OIDCC-3.1.2.1")
@pytest.mark.parametrize(
    ("asked_for", "cookies", "accepted", "language"),
    [
        ((), "", "", "en"),
        ((), "", "fr", "fr"),
        (("de",), "", "fr", "de"),
        (("xx", "fr-CA", "de"), "", "de", "fr"),
        (("se", "?!"), "", "de", "de"),
        (("de",), _cookie("fr", AT - 1), "en", "de"),  # chosen before this sign-in, for which the app asks otherwise
        (("de",), _cookie("fr", AT), "en", "fr"),  # chosen on a page of this sign-in
        (("se",), _cookie("fr", AT - 1), "de", "fr"),
        ((), _cookie("fr", AT - 1), "de", "fr"),
        ((), _cookie("xx", AT), "de", "de"),
        ((), _cookie("fr", AT) + f"; {i18n.COOKIE}=de-{AT}", "de", "de"),
    ],
)
def test_the_latest_word_on_the_language_counts(
    request_context: dict[str, object], asked_for: tuple[str, ...], cookies: str, accepted: str, language: str
) -> None:
    request_context |= {"HTTP_COOKIE": cookies, "HTTP_ACCEPT_LANGUAGE": accepted}
    i18n.wish(asked_for, AT)
    assert i18n.current_language() == language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("de-AT,en;q=0.8", "de"),
        ("pt-BR,pt;q=0.9,fr;q=0.2,en;q=0.1", "fr"),
        ("DE", "de"),
        ("de;q=0, fr;q=0.1", "fr"),
        ("*", "en"),
        ("de_AT", "en"),
        ("nonsense;;;q=x,,,", "en"),
    ],
)
def test_what_the_browser_prefers_is_read_as_it_is_meant(header: str, language: str) -> None:
    assert i18n.preferred(header) == language


@given(st.text(), st.text(), st.lists(st.text(), max_size=4))
def test_no_wish_however_odd_leads_to_a_language_that_is_none(header: str, cookies: str, tags: list[str]) -> None:
    assert i18n.preferred(header) in LANGUAGES
    assert i18n.read_choice(cookies)[0] in {"", *LANGUAGES}
    assert i18n.first_spoken(tags) in {"", *LANGUAGES}


@given(st.text(st.characters(codec="ascii")), st.sampled_from(LANGUAGES))
def test_a_link_of_the_switch_leads_to_the_same_page_with_what_it_was_asked(query: str, language: str) -> None:
    here = "https://login.example//evil.example/login"
    target = urlsplit(urljoin(here, i18n.address(i18n.without_language(query), language)))
    assert (target.netloc, target.path) == ("login.example", "//evil.example/login")
    others = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != i18n.PARAMETER]
    assert parse_qsl(target.query, keep_blank_values=True) == [*others, (i18n.PARAMETER, language)]


def test_a_choice_is_remembered_for_a_year_and_read_back() -> None:
    name, value = i18n.remember_choice("fr", AT)
    assert (name, value.partition(";")[2]) == (
        "Set-Cookie",
        " Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=31536000",
    )
    assert i18n.read_choice(value.partition(";")[0]) == ("fr", AT)


def _headers(pages: Pages) -> Mapping[str, str]:
    return dict(pages.error(errors.TooManyRequests(95, reason="over"), "c0ffee").headers)


def _text(pages: Pages) -> str:
    return pages.error(errors.TooManyRequests(95, reason="over"), "c0ffee").body.decode()


@pytest.mark.parametrize(
    ("language", "heading", "wait"),
    [
        ("en", "Too many attempts", "Wait 2 minutes,"),
        ("de", "Zu viele Versuche", "Warten Sie 2 Minuten,"),
        ("fr", "Trop de tentatives", "Attendez 2 minutes,"),
    ],
)
def test_a_page_is_in_its_language_and_says_so(
    request_context: dict[str, object], language: str, heading: str, wait: str
) -> None:
    request_context["HTTP_ACCEPT_LANGUAGE"] = language
    page = _text(PAGES)
    assert _headers(PAGES)["Content-Language"] == language
    assert f'<html lang="{language}">' in page
    assert heading in page
    assert wait in page


def test_pages_that_speak_english_alone_ask_nobody(request_context: dict[str, object]) -> None:
    request_context["HTTP_ACCEPT_LANGUAGE"] = "de"
    i18n.offer_switch(lambda: True)
    assert _headers(ENGLISH_ALONE)["Content-Language"] == "en"
    assert "Deutsch" not in _text(ENGLISH_ALONE)


def test_the_switch_is_there_where_the_page_can_be_asked_for_again(request_context: dict[str, object]) -> None:
    assert "hreflang" not in _text(PAGES)
    request_context["QUERY_STRING"] = "interaction=a&lang=fr"
    i18n.offer_switch(lambda: True)
    assert "hreflang" not in _text(PAGES), "a refusal repeats nothing of its address"
    page = PAGES.render("interaction/signed_out.html", {"leads_to": "", "frames": ()}).body.decode()
    assert re.findall(r'href="(\?[^"]*)" lang="(..)"', page) == [
        ("?interaction=a&amp;lang=de", "de"),
        ("?interaction=a&amp;lang=fr", "fr"),
    ]
    assert '<span lang="en" aria-current="true">English</span>' in page


def test_only_a_text_of_ours_is_translated_and_trusted() -> None:
    template = PAGES.environment("de").from_string("{{ ours | translated }}, {{ theirs | translated }}")
    assert template.render(ours=Message("Sign in"), theirs="Sign in <b>") == "Anmelden, Sign in &lt;b&gt;"


@pytest.mark.parametrize(
    ("language", "page"), [("de", "2 Minuten 125,40\xa0€ Anmelden"), ("en", "2 minutes €125.40 Sign in")]
)
def test_a_constant_on_a_template_is_worked_out_in_the_language_of_the_page(language: str, page: str) -> None:
    source = "{{ 120 | duration }} {{ '125.40' | money('EUR') }} {{ _('Sign in') }}"
    assert PAGES.environment(language).from_string(source).render() == page


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_a_text_worked_out_beforehand_is_the_one_that_would_be_put_in_place(language: str) -> None:
    source = "{{ _('100%% <b>') }}, {{ _('Sign in') }}, {{ _(sign_in) }}, {{ _(app, app='<i>') }}"
    page = PAGES.environment(language).from_string(source).render(sign_in="Sign in", app="%(app)s")
    percent, fixed, put_in_place, filled = page.split(", ")
    assert percent == "100% <b>"
    assert fixed == put_in_place == i18n.read_texts(language).gettext("Sign in")
    assert filled == "&lt;i&gt;"


@pytest.mark.parametrize(
    ("language", "date", "time", "length", "amount"),
    [
        ("en", "14 November 2023", "14 November 2023, 22:13 UTC", "2 days", "€1,125.40"),
        ("de", "14. November 2023", "14. November 2023, 22:13 UTC", "2 Tage", "1.125,40\xa0€"),
        ("fr", "14 novembre 2023", "14 novembre 2023, 22:13 UTC", "2\xa0jours", "1\u202f125,40\xa0€"),
    ],
)
def test_days_times_lengths_and_amounts_are_written_as_people_write_them(
    language: str, date: str, time: str, length: str, amount: str
) -> None:
    assert long_date(AT, language) == date
    assert long_time(AT, language) == time
    assert duration(90_000, language) == length
    assert money("1125.40", "EUR", language) == amount
