"""A WSGI application that tells what reached it, and a command that serves it as the product is served."""

import argparse
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from authserver.serving.granian_server import ProxiedServer, serve_behind_proxy
from authserver.serving.gunicorn_server import OwnTlsServer, serve_with_own_tls
from authserver.serving.tls import TlsFiles
from authserver.web.listen import parse_listen
from authserver.web.machine.client_certificate import certificate_from_environ, client_address, parse_policy

LOADING = "the worker loads"  # what `slow_probe` says
PROXIED = parse_policy(["unix", "127.0.0.0/8"], "rfc9440")
UNPROXIED = parse_policy([], None)


def application(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer what arrived; `/slow` takes a second over it, `/broken` fails."""
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1)
    if environ["PATH_INFO"] == "/broken":
        raise RuntimeError("as asked")
    policy = UNPROXIED if "gunicorn.socket" in environ else PROXIED
    dropped: list[str] = []
    certificate = certificate_from_environ(environ, policy, dropped.append)
    seen = {
        "certificate": hashlib.sha256(certificate).hexdigest() if certificate else None,
        "header": environ.get("HTTP_CLIENT_CERT"),
        "cookies": environ.get("HTTP_COOKIE"),
        "dropped": dropped,
        "address": client_address(environ, policy),
        "path": environ["PATH_INFO"],
        "scheme": environ["wsgi.url_scheme"],
        "host": environ["HTTP_HOST"],
        "body": len(environ["wsgi.input"].read()),  # type: ignore[attr-defined]  # a stream, by PEP 3333
    }
    body = json.dumps(seen).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def main() -> None:
    """Serve the application: `own_tls FOLDER LISTEN LISTEN_MTLS`, or `behind_proxy LISTEN`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("shape", choices=["own_tls", "behind_proxy"])
    parser.add_argument("arguments", nargs="+")
    parser.add_argument("--target", default="tests.support.probe:application")
    given = parser.parse_args()
    target: str = given.target
    if given.shape == "behind_proxy":
        serve_behind_proxy(ProxiedServer(target, parse_listen(given.arguments[0])), os.environ)
        return
    folder, listen, listen_mtls = Path(given.arguments[0]), *map(parse_listen, given.arguments[1:])

    def anchors() -> tuple[bytes, ...]:
        return tuple(path.read_bytes() for path in sorted(folder.glob("*.anchor")))

    files = TlsFiles(folder / "server.pem", folder / "server.key", folder / "authority.pem")
    serve_with_own_tls(OwnTlsServer(target, files, listen, listen_mtls, anchors))


if __name__ == "__main__":
    main()
