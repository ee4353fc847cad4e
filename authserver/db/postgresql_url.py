"""What a URL of PostgreSQL says: whether a server could be reached by it, its secrets, the bounds of connections."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import ArgumentError

_LEAST_CONNECT_SECONDS = 2  # psycopg takes no less
_DIALECT: Final[Any] = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy types no dialect
_NOWHERE: Final = "/nonexistent/authserver"
_NUMBERS: Final = (
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
)
_VERIFYING: Final = frozenset({"verify-ca", "verify-full"})
_NO_FILES: Final = frozenset({"", "system"})
_VALUES: Final = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    "gssencmode": ("disable", "prefer", "require"),
    "channel_binding": ("disable", "prefer", "require"),
    "load_balance_hosts": ("disable", "random"),
    "port": ("a number from 1 to 65535",),
}


def secrets_of(url: URL) -> tuple[str, ...]:
    """Return what of a URL nobody may read; the driver quotes a parameter that it cannot use."""
    named = (url.query.get(name, "") for name in ("password", "sslpassword"))
    return tuple(
        text for each in (url.password or "", *named) for text in ((each,) if isinstance(each, str) else each) if text
    )


def check_url(url: URL) -> None:
    """Raise ValueError where no server could ever be reached by a URL, before anything waits for one.

    The library that would connect judges it, as far as it does before it opens a socket; the rest are rules of ours.
    Nothing of the URL's secrets is in the text.
    """
    options = _options_of(url)
    for name in (name for name in _NUMBERS if not options.get(name, "0").isdecimal()):
        raise ValueError(f"{name} is a whole number")
    if options.get("sslmode") in _VERIFYING and (path := options.get("sslrootcert", "")) not in _NO_FILES:
        _check_file("sslrootcert", path)
    if url.port == 0:  # which the driver would take for no port
        raise ValueError("port may be a number from 1 to 65535")
    for address in filter(None, options.get("hostaddr", "").split(",")):
        _check_address(address)
    fault = _ask_library(options)
    if fault:
        names = [name for name in _VALUES if name in options and name in fault]
        hint = f"; {names[0]} may be {', '.join(_VALUES[names[0]])}" if names else ""
        raise ValueError(f"{hide_secrets(fault, secrets_of(url))}{hint}")


def hide_secrets(words: str, secrets: Iterable[str]) -> str:
    """Return words of a server, a pooler or the library in one line, with each secret masked."""
    words = " ".join(words.split())
    for secret in secrets:
        words = words.replace(secret, "***")
    return words


def _options_of(url: URL) -> dict[str, str]:
    """Return what the driver is given of a URL: hosts and ports in lists, everything as text."""
    try:
        _, named = _DIALECT.create_connect_args(url)
    except ArgumentError as error:  # its hosts and ports do not go together
        raise ValueError(hide_secrets(str(error), secrets_of(url))) from None
    return {name: str(value) for name, value in named.items() if isinstance(value, str | int)}


def _ask_library(options: Mapping[str, str]) -> str:
    """Return why the library would not even try, or nothing.

    No network is asked: each host is the folder of a Unix socket that nobody made.
    """
    hosts = options.get("host", "").count(",") + 1
    asked = {**options, "host": ",".join([_NOWHERE] * hosts)}
    asked.pop("hostaddr", None)
    try:
        conninfo = make_conninfo(**asked)
    except psycopg.ProgrammingError as error:
        return str(error)
    connection = pq.PGconn.connect_start(conninfo.encode())
    try:
        said = connection.error_message.decode(errors="replace")
    finally:
        connection.finish()
    return "" if _NOWHERE in said else said


def _check_address(text: str) -> None:
    try:
        ip_address(text)
    except ValueError:
        raise ValueError("hostaddr is an IP address, or several with commas between") from None


def _check_file(name: str, path: str) -> None:
    if not Path(path).is_file():
        raise ValueError(f"{name} is the path of a file of certificates in PEM, or system")


def connect_args(url: URL, patience_seconds: float, statement_seconds: float) -> dict[str, Any]:
    """Return what bounds a connection and its statements; what the URL says of any of it wins.

    A standby is refused unless the URL asks for one: it may be behind, and would call a revoked token active.
    """
    sent = url.query.get("options", "")
    options = sent if isinstance(sent, str) else " ".join(sent)
    bounds = f"-c statement_timeout={int(statement_seconds * 1000)} -c idle_in_transaction_session_timeout=60000"
    ours = {
        "connect_timeout": max(_LEAST_CONNECT_SECONDS, int(patience_seconds / _count_hosts(url))),
        "tcp_user_timeout": int(patience_seconds * 1000),
        "application_name": "authserver",
        "target_session_attrs": "read-write",
    }
    return {
        **{name: value for name, value in ours.items() if name not in url.query},
        # psycopg numbers what it prepares: behind a pooler the number may be another client's statement.
        "prepare_threshold": None,
        "client_encoding": "utf8",  # what our statements send, whatever the database keeps
        "options": f"{bounds} {options}".strip(),
    }


def _count_hosts(url: URL) -> int:
    """Count the servers that are tried one after the other; each has its part of the time."""
    named = url.query.get("host", ())
    hosts = (named,) if isinstance(named, str) else named
    return max(1, sum(len(host.split(",")) for host in hosts))
