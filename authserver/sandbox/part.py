"""The entry of the demo's own two servers: `python -m authserver.sandbox.part bank|app FOLDER PORT PORT PORT PORT`."""

import sys
from pathlib import Path

from flask import Flask

from authserver.clock import system_clock
from authserver.sandbox.bank.api import create_bank
from authserver.sandbox.credentials import load_self_signed
from authserver.sandbox.layout import ADDRESS, DemoLayout, DemoPorts
from authserver.sandbox.third_party.pages import create_third_party
from authserver.serving.gunicorn_server import OwnTlsServer, serve_with_own_tls
from authserver.serving.tls import TlsFiles
from authserver.web.listen import ListenAddress

_STOP_SECONDS = 3


def main(arguments: list[str]) -> None:
    """Serve the bank, which asks for client certificates, or the app, which asks no one."""
    name, folder, *numbers = arguments
    places = DemoLayout(Path(folder), DemoPorts(*map(int, numbers)))
    serve_with_own_tls(_bank(places) if name == "bank" else _app(places))


def _bank(places: DemoLayout) -> OwnTlsServer:
    files = TlsFiles(*places.certificate("bank"), places.authority)

    def anchors() -> tuple[bytes, ...]:
        return (load_self_signed(places).der,)

    def build() -> Flask:
        return create_bank(places, system_clock)

    address = ListenAddress(ADDRESS, places.ports.bank)
    return OwnTlsServer(build, files, None, address, anchors, graceful_seconds=_STOP_SECONDS)


def _app(places: DemoLayout) -> OwnTlsServer:
    def build() -> Flask:
        return create_third_party(places, system_clock)

    address = ListenAddress(ADDRESS, places.ports.app)
    files = TlsFiles(*places.certificate("app"))
    return OwnTlsServer(build, files, address, None, tuple, graceful_seconds=_STOP_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1:])
