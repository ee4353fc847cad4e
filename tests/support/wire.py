"""An app and a person that reach a running server over TLS; `relying_party` and `person` do so in this process."""

import html
import json
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPMessage, HTTPSConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from urllib.parse import urlencode, urljoin, urlsplit

import pyotp
from joserfc.jwk import Key

from tests.support.authority import CertificateWithKey
from tests.support.deployment import ISSUER, PASSWORD, SEED, Deployment
from tests.support.relying_party import Form, RelyingParty, Reply

_PATIENCE_SECONDS = 15
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class WireReply:
    """What came back, with the members that tests read of an answer in this process."""

    url: str
    status_code: int
    headers: HTTPMessage
    text: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - a test looks into it without asking what there is
        """The body as JSON."""
        return json.loads(self.text)


@dataclass(frozen=True, slots=True)
class Wire:
    """The way to a server: the authority to believe, and where on this machine each host is."""

    authority_pem: bytes = field(repr=False)
    ports: Mapping[str, int] = field(default_factory=dict)

    def send(
        self,
        url: str,
        form: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        certificate: CertificateWithKey | None = None,
        method: str | None = None,
    ) -> WireReply:
        """Send one request on a connection of its own; follow nothing."""
        parts = urlsplit(url)
        link = HTTPSConnection(parts.hostname or "", timeout=_PATIENCE_SECONDS, context=self.context(certificate))
        address = ("127.0.0.1", self.ports.get(parts.hostname or "", parts.port or 0))
        # Connected by hand: the name that TLS and HTTP are to see is not the name of this machine.
        link.sock = _connect(link, address, self.context(certificate))
        sent = {"Host": parts.netloc, **({} if form is None else {"Content-Type": _FORM}), **(headers or {})}
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            link.request(method or ("GET" if form is None else "POST"), target, form, sent)
            response = link.getresponse()
            return WireReply(url, response.status, response.headers, response.read().decode())
        finally:
            link.close()

    def context(self, certificate: CertificateWithKey | None = None) -> ssl.SSLContext:
        """Answer what a client goes by in TLS, with its certificate if it has one."""
        context = ssl.create_default_context(cadata=self.authority_pem.decode())
        if certificate is not None:
            with TemporaryDirectory() as folder:
                context.load_cert_chain(*certificate.save(Path(folder), "client"))
        return context


def _connect(link: HTTPSConnection, address: tuple[str, int], context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection(address, timeout=_PATIENCE_SECONDS)
    return context.wrap_socket(plain, server_hostname=link.host)


class _Present:
    """What an app needs of a deployment: its moment, which is everyone's."""

    @property
    def now(self) -> int:
        return int(time.time())


PRESENT = cast("Deployment", _Present())


@dataclass
class WireApp(RelyingParty):
    """An app that speaks to the issuer's origin, or to the other one where it shows its certificate."""

    wire: Wire = field(default_factory=lambda: Wire(b""))
    issuer: str = ""
    mtls_origin: str = ""

    def send(
        self,
        path: str,
        form: Form | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        certificate: CertificateWithKey | None = None,
        method: str | None = None,
    ) -> Reply:
        """Send a form, or a GET where there is none."""
        origin = self.issuer if certificate is None else self.mtls_origin
        encoded = None if form is None else urlencode(form)
        reply = self.wire.send(origin + path, encoded, headers=headers, certificate=certificate, method=method)
        return cast("Reply", reply)

    def assertion(self, *, header: Form | None = None, **claims: object) -> str:
        """Return a client assertion for the live issuer."""
        return super().assertion(header=header, **{"aud": self.issuer, **claims})

    def proof(
        self,
        method: str,
        url: str,
        *,
        key: Key | None = None,
        header: Form | None = None,
        access_token: str | None = None,
        **claims: object,
    ) -> str:
        """Return a DPoP proof for the live issuer."""
        live = self.issuer + url.removeprefix(ISSUER)
        return super().proof(method, live, key=key, header=header, access_token=access_token, **claims)

    def authorization_url(self, **changes: object) -> str:
        """Push a request and return the whole URL for the browser."""
        return self.issuer + super().authorization_url(**changes)


@dataclass
class WirePerson:
    """A person with a browser without JavaScript: keeps cookies, fills in the forms that are there."""

    wire: Wire
    username: str
    cookies: dict[str, str] = field(default_factory=dict)

    def answer(self, url: str, decision: str) -> str:
        """Open a URL, do what the pages ask, and return the address by which the app gets its answer."""
        page = self.open(url)
        for _ in range(4):
            if page.status_code != 200:
                break
            page = self.open(page.url, self.fill(page, decision))
        return page.headers["Location"]

    def fill(self, page: WireReply, decision: str) -> dict[str, str]:
        """Return what this person enters on a page."""
        entered = {
            "/login": {"username": self.username, "password": PASSWORD},
            "/login/totp": {"totp": pyotp.TOTP(SEED).now()},
            "/consent": {"decision": decision},
        }
        return {**self.hidden(page), **entered[urlsplit(page.url).path]}

    def hidden(self, page: WireReply) -> dict[str, str]:
        """Return what a page's form sends by itself."""
        return {name: html.unescape(value) for name, value in _HIDDEN.findall(page.text)}

    def open(self, url: str, form: Mapping[str, str] | None = None) -> WireReply:
        """Open a page, or send its form, and follow redirects as long as they stay at the host."""
        host = urlsplit(url).netloc
        reply = self._send(url, form)
        while reply.status_code == 303 and urlsplit(urljoin(url, reply.headers["Location"])).netloc == host:
            reply = self._send(urljoin(url, reply.headers["Location"]), None)
        return reply

    def _send(self, url: str, form: Mapping[str, str] | None) -> WireReply:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form is not None:
            headers |= {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
        reply = self.wire.send(url, None if form is None else urlencode(form), headers=headers)
        for cookie in reply.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return reply
