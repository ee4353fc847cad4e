"""One word after a change: the page that the browser is sent to says what was done."""

import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from authserver.messages import Message
from authserver.web.pages.csrf import CsrfProtection

PASSKEY_ADDED: Final = "passkey_added"
PASSKEY_RENAMED: Final = "passkey_renamed"
PASSKEY_REMOVED: Final = "passkey_removed"
GENERATOR_ADDED: Final = "generator_added"
GENERATOR_REMOVED: Final = "generator_removed"
PASSWORD_SET: Final = "password_set"  # noqa: S105 - the name of a change
SHARING_ENDED: Final = "sharing_ended"
PAYMENTS_ENDED: Final = "payments_ended"
ALL_ENDED: Final = "all_ended"
SESSIONS_ENDED: Final = "sessions_ended"

_WORDS: Final[Mapping[str, Message]] = {
    PASSKEY_ADDED: Message("Your passkey was added. You can sign in with it from now on."),
    PASSKEY_RENAMED: Message("The new name was saved."),
    PASSKEY_REMOVED: Message("The passkey was removed. Nobody can sign in with it any more."),
    GENERATOR_ADDED: Message("Your authenticator app was added. Its codes work from now on."),
    GENERATOR_REMOVED: Message("The authenticator app was removed. Its codes no longer work."),
    PASSWORD_SET: Message("Your password was changed."),
    SHARING_ENDED: Message("Sharing was stopped. The app can no longer use your data."),
    PAYMENTS_ENDED: Message("The payments were stopped. The app can make no more of them."),
    ALL_ENDED: Message("Everything that the app was allowed was stopped."),
    SESSIONS_ENDED: Message("The other browsers were signed out."),
}


def say_done(csrf: CsrfProtection, cookie: str, path: str, name: str) -> str:
    """Return the address of a page that will say what was done, to this session alone.

    Sealed, so that a link from elsewhere makes no page of ours say that a password was changed.
    """
    seal = csrf.token(cookie, _purpose(name))
    separator = "&" if "?" in path else "?"
    return path + separator + urlencode({"done": name, "seal": seal})


def read_done(csrf: CsrfProtection, cookie: str, query: Mapping[str, str]) -> Message | None:
    """Return what the page with this query has to say, if anything."""
    name, seal = query.get("done", ""), query.get("seal", "")
    if name not in _WORDS or not hmac.compare_digest(seal.encode(), csrf.token(cookie, _purpose(name)).encode()):
        return None
    return _WORDS[name]


def _purpose(name: str) -> str:
    return f"done|{name}"
