"""The catalogues are current, complete, and hold nothing that a page would trip over."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry

from authserver.messages import LANGUAGES
from docs import update_catalogues

_ROOT = Path(__file__).resolve().parents[2]
_PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%|(%)")


def _catalogue(language: str) -> Catalog:
    return update_catalogues.read(update_catalogues.FOLDER / f"{language}.po", language)


def _entries(language: str) -> Iterator[Entry]:
    return (entry for entry in _catalogue(language) if entry.id)


def _forms(texts: object) -> tuple[str, ...]:
    return tuple(texts) if isinstance(texts, tuple | list) else (str(texts),)


def _placeholders(text: str) -> set[str]:
    return {name or stray for name, stray in _PLACEHOLDER.findall(text)} - {""}


def _check(folder: Path) -> int:
    return update_catalogues.main(["--check", "--dir", str(folder)])


def test_the_catalogues_are_current() -> None:
    assert _check(update_catalogues.FOLDER) == 0, "run `make catalogues`"


def test_a_stale_catalogue_is_noticed(tmp_path: Path) -> None:
    for language in LANGUAGES[1:]:
        text = (update_catalogues.FOLDER / f"{language}.po").read_text(encoding="utf-8")
        stale = text.replace('msgid "Sign in"', 'msgid "Sign on"') if language == "fr" else text
        (tmp_path / f"{language}.po").write_text(stale, encoding="utf-8")
    assert _check(tmp_path) == 1


def test_a_catalogue_is_written_without_lines_or_dates() -> None:
    for path in update_catalogues.FOLDER.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^#: .*:\d|-Date:", text, re.MULTILINE), path


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_everything_is_translated(language: str) -> None:
    entries = list(_entries(language))
    assert len(entries) > 100
    assert not [entry.id for entry in entries if not all(_forms(entry.string)) or entry.fuzzy]
    plural = _catalogue(language).num_plurals
    assert not [e.id for e in entries if len(_forms(e.string)) != (plural if isinstance(e.id, tuple) else 1)]


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_each_translation_names_the_same_values_and_holds_no_markup(language: str) -> None:
    for entry in _entries(language):
        wanted = set().union(*(_placeholders(form) for form in _forms(entry.id)))
        for form in _forms(entry.string):
            assert _placeholders(form) == wanted, entry.id
            assert not re.search(r"[<>&]", form), entry.id


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_each_translation_begins_and_ends_as_its_text_does(language: str) -> None:
    for entry in _entries(language):
        for text, form in zip(_forms(entry.id), _forms(entry.string), strict=False):
            assert form == form.strip(), entry.id
            assert form[-1:] in "?:" or (text[-1:] in ".:?") == (form[-1:] in ".:?"), entry.id


# What a printer of the language would mend.
_MISPRINTS = {
    "de": re.compile(r"""["'”«»]|\s[:;?!]"""),
    "fr": re.compile(
        """["'„“”]|(?<!\N{NARROW NO-BREAK SPACE})[:;?!]|«(?!\N{NO-BREAK SPACE})|(?<!\N{NO-BREAK SPACE})»"""
    ),
}


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_each_translation_is_set_as_its_language_is(language: str) -> None:
    forms = [form for entry in _entries(language) for form in _forms(entry.string)]
    assert not [form for form in forms if _MISPRINTS[language].search(form)]


def test_texts_are_whole_sentences_with_values_by_name() -> None:
    for text in (form for entry in update_catalogues.extract() if entry.id for form in _forms(entry.id)):
        assert text == text.strip()
        assert "%" not in _placeholders(text), text


def test_texts_speak_the_words_of_people_and_one_word_for_one_thing() -> None:
    words = "oauth|openid|tokens?|scopes?|totp|(?:code )?generators?|one-time codes?|authenticators?(?! app)"
    jargon = re.compile(rf"\b({words})\b", re.IGNORECASE)
    texts = [form for entry in update_catalogues.extract() if entry.id for form in _forms(entry.id)]
    assert not [text for text in texts if jargon.search(text)]
    assert jargon.search("Type the code of your generator")
