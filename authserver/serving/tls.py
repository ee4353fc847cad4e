"""TLS as we end it ourselves: what is offered, which client certificates may connect, and how long a peer may dally."""

import errno
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

from authserver.serving.request_framing import Arrival
from authserver.values import Value
from authserver.web.request_log import describe_failure, log

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

TLS_1_2_SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
)
REFRESH_SECONDS = 2.0
HANDSHAKE_SECONDS = 5.0
REQUEST_SECONDS = 10.0
_LONGEST_LOOK_SECONDS = 0.5

_OPTIONS = (
    ssl.OP_NO_COMPRESSION
    | ssl.OP_NO_RENEGOTIATION
    | ssl.OP_CIPHER_SERVER_PREFERENCE
    | ssl.OP_SINGLE_ECDH_USE
    # A resumed session would carry a client certificate past a change of anchors, and each worker has its own keys.
    | ssl.OP_NO_TICKET
)
_TAKEN_AT_ONCE = 16 * 1024

Anchors = Callable[[], tuple[bytes, ...]]
"""Answers the registered self-signed certificates in DER; called in worker processes, at most every two seconds."""


class TlsFiles(Value, frozen=True):
    """The server's certificate chain and key, and the authorities of client certificates, all in PEM."""

    certificate: Path
    key: Path
    client_authorities: Path | None = None

    def versions(self) -> tuple[int, ...]:
        """Answer the files' modification times: they differ once a certificate was renewed in place."""
        files = (self.certificate, self.key, self.client_authorities)
        return tuple(path.stat().st_mtime_ns for path in files if path)


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """Build the context of the listener that asks for no certificate; raises OSError or ssl.SSLError on a bad file.

    TLS 1.3, and TLS 1.2 with four suites: forward secret, authenticated encryption, named one by one so that no
    library's default can widen them.

    Spec: FAPI2-SP-FINAL-5.2.1-1, FAPI2-SP-FINAL-5.2.1-2, FAPI2-SP-FINAL-5.2.1-3, FAPI2-SP-FINAL-5.2.2-1,
    FAPI2-SP-FINAL-5.2.3-2, FAPI2-SP-FINAL-5.4.2-1, RFC9325-4.2, RFC8705-7.3, RFC6749-1.6
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(TLS_1_2_SUITES))
    context.options |= _OPTIONS
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = BoundedSocket
    context.load_cert_chain(files.certificate, files.key)
    return context


def mtls_context(files: TlsFiles, anchors: tuple[bytes, ...]) -> ssl.SSLContext:
    """Build the context of the listener that asks for a certificate and takes it from an authority or a registration.

    A registered certificate is an anchor by itself, whoever issued it. One that is expired, or vouched for by no one,
    ends the handshake; none at all does not, so that the endpoint can answer in its own words. To pass here is no
    authentication: the application matches the certificate against the client, and verifies its chain, again.

    Spec: RFC8705-2.1, RFC8705-2.2
    """
    context = server_context(files)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if files.client_authorities:
        context.load_verify_locations(cafile=files.client_authorities)
    for der in dict.fromkeys(anchors):
        _add_anchor(context, der)
    return context


def _add_anchor(context: ssl.SSLContext, der: bytes) -> None:
    """Add one certificate; one that cannot be read must not keep the others out."""
    try:
        context.load_verify_locations(cadata=der)
    except (ssl.SSLError, ValueError):
        log.warning("tls", message="a registered client certificate cannot be read and is no anchor")


class BoundedSocket(ssl.SSLSocket):
    """A TLS connection whose requests are taken in as they arrive, without a thread that waits for them.

    What a thread must read beyond that, and all that it sends, has a fixed time as a whole, however slowly the peer
    goes about it. `setblocking(True)`, by which gunicorn's threads take a connection up, starts the clock. A peer that
    is out of time is met as one that hung up, which gunicorn closes without a word in the log.
    """

    deadline = 0.0
    taken = b""
    arrival: Arrival

    def take_in(self) -> bool:
        """Take in what has arrived, without waiting; tell whether a request is whole. Raises OSError at its end.

        Spec: RFC9112-9.6
        """
        self.settimeout(0.0)
        while not (self.taken and self.arrival.is_whole(self.taken)):
            try:
                octets = super().recv(_TAKEN_AT_ONCE)
            except ssl.SSLWantReadError:
                return False
            if not octets:
                raise _hung_up()
            self.taken += octets
        return True

    def has_more(self) -> bool:
        """Tell whether octets are here already that the kernel no longer tells of."""
        return bool(self.taken) or self.pending() > 0

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - the signature of every socket
        """Start the clock of one request, or hand the connection back to the poller."""
        self.deadline = time.monotonic() + REQUEST_SECONDS
        self.settimeout(REQUEST_SECONDS if flag else 0.0)

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Read what was taken in; of a body too large for that, wait for the rest as long as its time lasts.

        Any other request was taken in whole, so what its parser still asks for will not come.
        """
        if self.taken:
            octets, self.taken = self.taken[:buflen], self.taken[buflen:]
            return octets
        if not self.arrival.states_more:
            return b""
        self._shrink()
        try:
            return super().recv(buflen, flags)
        except TimeoutError as error:
            raise _hung_up() from error

    def sendall(self, data: "ReadableBuffer", flags: int = 0) -> None:
        """Send all of it within the time of one request, or hang up."""
        if self.gettimeout():
            self.setblocking(True)
        super().sendall(data, flags)

    def send(self, data: "ReadableBuffer", flags: int = 0) -> int:
        """Send what the peer takes, or hang up on one whose time is over."""
        self._shrink()
        try:
            return super().send(data, flags)
        except TimeoutError as error:
            raise _hung_up() from error

    def _shrink(self) -> None:
        """Leave a read or a write no more than what is left of the time."""
        timeout = self.gettimeout()
        if not timeout:
            return
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise _hung_up()
        self.settimeout(min(timeout, remaining))


def _hung_up() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "the peer took too long, or went away")


@dataclass
class _Current:
    """The contexts in use, what they were built from, and when that was last looked at."""

    plain: ssl.SSLContext
    mtls: ssl.SSLContext
    built_from: tuple[tuple[int, ...], tuple[bytes, ...]]
    looked_at: float


@dataclass
class ListenerContexts:
    """Wraps each accepted connection in the context of the port it came to; stands where gunicorn expects a context.

    Built once in the master, so that a bad file stops the start, and without the anchors, which only workers may ask
    for. Every two seconds at most, the files' times and the anchors are looked at, and if either changed new contexts
    are built. If that fails the last good ones stay, and the log says so.
    """

    files: TlsFiles
    mtls_port: int | None
    anchors: Anchors
    _lock: Lock = field(default_factory=Lock, repr=False)
    _current: _Current = field(init=False, repr=False)

    def __post_init__(self) -> None:
        plain, mtls = server_context(self.files), mtls_context(self.files, ())
        self._current = _Current(plain, mtls, (self.files.versions(), ()), float("-inf"))

    def wrap_socket(self, sock: socket.socket, **_options: bool) -> BoundedSocket:
        """Return the connection under the context of its port, with nothing of the handshake done and no waiting."""
        sock.setblocking(False)
        context = self._context(sock.getsockname()[1])
        wrapped = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        if not isinstance(wrapped, BoundedSocket):
            raise TypeError("the contexts make sockets of their own class")
        wrapped.arrival = Arrival()
        return wrapped

    def _context(self, port: int) -> ssl.SSLContext:
        self._refresh()
        return self._current.mtls if port == self.mtls_port else self._current.plain

    def _refresh(self) -> None:
        """Look for changes, if that is due and nobody else does; wait a moment for what is found, and no longer.

        The anchors come from a database, which may hang: a handshake must not hang with it.
        """
        if time.monotonic() < self._current.looked_at + REFRESH_SECONDS or not self._lock.acquire(blocking=False):
            return
        looking = Thread(target=self._look, name="tls-refresh", daemon=True)
        looking.start()
        looking.join(_LONGEST_LOOK_SECONDS)

    def _look(self) -> None:
        try:
            self._rebuild_if_changed()
        except Exception as error:  # noqa: BLE001 - the anchors are the application's: no failure of theirs may stop TLS
            message = "TLS contexts could not be renewed; the last good ones stay in use"
            log.error("tls", message=message, **describe_failure(error))
        finally:
            self._current.looked_at = time.monotonic()
            self._lock.release()

    def _rebuild_if_changed(self) -> None:
        wanted = (self.files.versions(), self.anchors())
        if wanted != self._current.built_from:
            plain, mtls = server_context(self.files), mtls_context(self.files, wanted[1])
            self._current = _Current(plain, mtls, wanted, time.monotonic())
