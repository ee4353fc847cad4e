"""Bring the message catalogues in line with the texts in templates and code: `make catalogues`.

What is there stays translated, what is new is left empty, what is gone goes. Nothing is guessed: a guess would have to
be found again. Files are named with each message and lines are not, so a catalogue changes only with its texts.
"""

import argparse
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from authserver.messages import LANGUAGES

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "templates" / "locale"
TRANSLATED = LANGUAGES[1:]

# Which files hold texts, and how they are read; the first pattern that fits decides. The demo speaks English.
_SOURCES = {
    "templates": [("sandbox/**", "ignore"), ("**.html", "jinja2")],
    "authserver": [("sandbox/**", "ignore"), ("**.py", "python")],
}
_KEYWORDS = {**DEFAULT_KEYWORDS, "Message": None}
_OPTIONS = {"**.html": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}}


def extract() -> Catalog:
    """Return every text of ours, in English, in the order of the files."""
    found = Catalog()
    for name, methods in _SOURCES.items():
        texts = extract_from_dir(ROOT / name, methods, options_map=_OPTIONS, keywords=_KEYWORDS)
        for path, line, message, comments, context in texts:
            found.add(message, None, [(f"{name}/{path}", line)], auto_comments=comments, context=context)
    return found


def read(path: Path, language: str) -> Catalog:
    """Return a language's catalogue, or an empty one where there is none yet."""
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as source:
        return read_po(source, locale=language, ignore_obsolete=True)


def render(catalogue: Catalog, language: str) -> str:
    """Return a catalogue as text, the same for the same messages.

    Its plural forms are those it was translated with. Babel's own for French became three with 2.19, of which the new
    one is for whole millions.
    """
    body = BytesIO()
    write_po(body, catalogue, omit_header=True, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    header = (
        f"# How to translate: docs/translating.md\n"
        f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )
    return header + body.getvalue().decode("utf-8")


def updated(language: str, texts: Catalog, folder: Path = FOLDER) -> str:
    """Return what a language's catalogue should hold now."""
    catalogue = read(folder / f"{language}.po", language)
    catalogue.update(texts, no_fuzzy_matching=True)
    return render(catalogue, language)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the catalogues, or with `--check` say which are out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail where a catalogue is out of date")
    parser.add_argument("--dir", type=Path, default=FOLDER, help="where the catalogues are")
    arguments = parser.parse_args(argv)
    texts, stale = extract(), []
    for language in TRANSLATED:
        path = arguments.dir / f"{language}.po"
        text = updated(language, texts, arguments.dir)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
            if not arguments.check:
                path.write_text(text, encoding="utf-8")
        missing = sum(not message.string or not all(message.string) for message in read(path, language) if message.id)
        print(f"{language}: {len(texts)} texts, {missing} not translated")
    if arguments.check and stale:
        print(f"out of date: {', '.join(stale)}; run `make catalogues`")
    return int(arguments.check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
