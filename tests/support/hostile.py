"""Hostile requests: what they hold, and what must be true of every answer, event and log line that follows."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlencode

import structlog
from hypothesis import strategies as st
from sqlalchemy import select

from authserver.db.engine import Database
from authserver.db.tables.schema import metadata
from authserver.protocol.errors import OAuthError
from tests.support.deployment import Deployment

CANARY = "cAnArY71"
"""Stands in whatever is sent: no refusal may repeat it."""
SECRET = "sEcReT93"
"""Stands in whatever is secret: neither an answer, nor an event, nor a log line may hold it."""

SECRET_PARAMETERS = frozenset({
    "access_token", "client_assertion", "client_secret", "code", "code_verifier", "csrf_token", "id_token_hint",
    "interaction", "password", "refresh_token", "request", "token", "totp",
})  # fmt: skip
PARAMETERS = sorted({
    *SECRET_PARAMETERS, "acr_values", "authorization_details", "claims", "client_assertion_type", "client_id",
    "code_challenge", "code_challenge_method", "decision", "display", "dpop_jkt", "grant_type", "login_hint", "max_age",
    "nonce", "prompt", "redirect_uri", "request_uri", "resource", "response_mode", "response_type", "scope", "state",
    "token_type_hint", "ui_locales", "username", "action", "__proto__",
})  # fmt: skip
SPECIALS = [
    "", " ", "\x00", "\r\nX-Injected: 1", "\n", "%00", "%", "+", "&=", "\u202e", "\ud800", "\udfff\ud800", "\ufeff",
    "é", "😀", "\x7f", "'\"><script>alert(1)</script>", "' OR 1=1 --", "../../../etc/passwd", "{{7*7}}", "${7*7}",
    "%s%n", "a" * 600, "9" * 600, "-1", "1e999", "NaN", "null", "[]", "{}", '{"a":' * 200, "true", "//evil.example",
    "https://evil.example/", "javascript:alert(1)", "urn:ietf:params:oauth:request_uri:x", "openid " * 90, "S256",
    "none login", "plain", "code", "authorization_code", "refresh_token", "client_credentials", "password",
    "form_post", "a.b.c", "..", "e30.e30.e30",
]  # fmt: skip
_SPECIAL = st.sampled_from(SPECIALS)
hostile_texts = st.one_of(_SPECIAL, _SPECIAL, st.text(max_size=20), st.text(st.characters(), max_size=8))
header_texts = st.one_of(
    st.text(st.characters(max_codepoint=255, exclude_characters="\x00\r\n"), max_size=30),
    _SPECIAL.map(lambda text: re.sub(r"[\x00\r\n]", "", text).encode("latin-1", "ignore").decode("latin-1")),
)

_KNOWN_ERRORS = frozenset({"not_found"}).union(
    kind.code for base in OAuthError.__subclasses__() for kind in (base, *base.__subclasses__())
)
_DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
_CORRELATION_ID = re.compile(r"[0-9a-f]{32}")
_HONEST_503 = 503
_SHORTEST_SECRET = 16  # what is shorter occurs by chance


def marked(name: str, text: str) -> str:
    """Return a value for a parameter with the mark that fits its name somewhere in it."""
    mark = SECRET if name in SECRET_PARAMETERS else CANARY
    middle = len(text) // 2
    return text[:middle] + mark + text[middle:]


@st.composite
def hostile_changes(draw: st.DrawFn, names: Sequence[str] = tuple(PARAMETERS)) -> dict[str, list[str] | None]:
    """Draw what to change in an honest form: values replaced, marked, repeated or left out."""
    changes: dict[str, list[str] | None] = {}
    any_name = st.sampled_from(names) | hostile_texts | st.just(CANARY)
    for name in draw(st.lists(any_name, min_size=1, max_size=4, unique=True)):
        values = draw(st.lists(hostile_texts | hostile_texts.map(partial(marked, name)), max_size=2))
        changes[name] = values or None
    return changes


def encode_form(form: Mapping[str, object], changes: Mapping[str, list[str] | None]) -> bytes:
    """Return a changed form as it is sent; lone surrogates travel as the octets that stand for them."""
    pairs: list[tuple[str, str]] = [(name, str(value)) for name, value in form.items() if name not in changes]
    pairs += [(name, value) for name, values in changes.items() for value in values or ()]
    return urlencode(pairs, errors="surrogatepass").encode("ascii")


class Answer(Protocol):
    """An answer of any kind of client."""

    @property
    def status_code(self) -> int:
        """Return the status."""

    @property
    def headers(self) -> Any:  # noqa: ANN401 - each client has a type of its own for them
        """Return the headers."""

    @property
    def text(self) -> str:
        """Return the body."""


def check_answer(answer: Answer, *, echoed: str = "") -> None:
    """Check what holds of every answer, and of a refusal above all; `echoed` is text a page shows again on purpose."""
    assert answer.status_code < 500 or answer.status_code == _HONEST_503, (answer.status_code, answer.text)
    lines = [f"{name}: {value}" for name, value in answer.headers.items()]
    assert not any(set(line) & set("\r\n\x00") for line in lines), lines
    assert not any(line.lower().startswith("x-injected") for line in lines)
    assert _CORRELATION_ID.fullmatch(answer.headers["X-Correlation-Id"])
    assert "Traceback" not in answer.text
    if answer.status_code >= 400:
        shown = "\n".join([*lines, answer.text.replace(echoed, "") if echoed else answer.text])
        assert CANARY not in shown, shown
        assert SECRET not in shown, shown
        _check_refusal(answer)


def _check_refusal(answer: Answer) -> None:
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    if kind == "application/json":
        body = json.loads(answer.text)
        assert set(body) <= {"error", "error_description", "correlation_id"}
        assert body["correlation_id"] == answer.headers["X-Correlation-Id"]
        assert body.get("error", "invalid_token") in _KNOWN_ERRORS
        assert _DESCRIPTION.fullmatch(body.get("error_description", "x"))
        assert answer.headers["Cache-Control"] == "no-store"
    elif kind == "text/html":
        assert not answer.text or answer.headers["X-Correlation-Id"] in answer.text
    else:
        assert answer.status_code in {404, 405, 413}, answer.status_code
        assert answer.text in {"", "There is no such file.\n"}


def read_state(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table, but for the ids that a refused request may claim and the tries it may cost."""
    with database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in metadata.sorted_tables
            if table.name not in {"claimed_ids", "attempt_counters"}
        }


@dataclass
class Watch:
    """Watches one deployment through many hostile requests."""

    deployment: Deployment
    secrets: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Take the state as it is now for the one that refusals must leave."""
        self.state = read_state(self.deployment.database)

    @contextmanager
    def request(self, *secrets: str) -> Iterator[list[Answer]]:
        """Watch one request, whose answer is put into the list; `secrets` are values that nobody may hear of."""
        answers: list[Answer] = []
        seen = len(self.deployment.events)
        with structlog.testing.capture_logs() as lines:
            yield answers
        self._check_told([*map(str, lines), *map(repr, self.deployment.events[seen:])], secrets)
        self._check_state(answers[-1])

    def _check_told(self, told: list[str], secrets: Sequence[str]) -> None:
        for line in told:
            assert SECRET not in line, line
            assert not any(secret in line for secret in secrets if len(secret) >= _SHORTEST_SECRET), line

    def _check_state(self, answer: Answer) -> None:
        state = read_state(self.deployment.database)
        if answer.status_code >= 400:
            changed = [name for name, rows in state.items() if rows != self.state[name]]
            assert not changed, f"{answer.status_code} changed {changed}"
        self.state = state
