"""HTTPS as a client speaks it: one authority trusted, redirects not followed, a certificate where one is given."""

import json
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
from urllib3.util import Timeout

from authserver.values import Hidden, Value

_SECONDS = 15.0


class HttpResponse(Value, frozen=True):
    """What came back; header names are in lower case, a repeated header's values are joined by commas."""

    status: int
    headers: Mapping[str, str]
    body: Hidden[bytes]
    cookies: Hidden[tuple[str, ...]] = ()

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> dict[str, Any]:
        """Return the body's JSON object, or an empty one where there is none."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


class HttpsClient:
    """Sends requests to servers under one authority, with a client certificate or without."""

    def __init__(self, authority: Path, certificate: tuple[Path, Path] | None = None) -> None:
        context = ssl.create_default_context(cafile=str(authority))
        if certificate is not None:
            context.load_cert_chain(*certificate)
        self._pool = urllib3.PoolManager(ssl_context=context, timeout=Timeout(total=_SECONDS), retries=False)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Sequence[tuple[str, str]] | Mapping[str, str] | None = None,
        document: object = None,
    ) -> HttpResponse:
        """Send one request with a form, a JSON document or nothing as its body."""
        sent = dict(headers or {})
        body: bytes | None = None
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form).encode("ascii")
        elif document is not None:
            sent["Content-Type"] = "application/json"
            body = json.dumps(document).encode()
        response = self._pool.request(method, url, headers=sent, body=body, redirect=False)
        return HttpResponse(
            status=response.status,
            headers={name.lower(): ", ".join(response.headers.getlist(name)) for name in response.headers},
            body=response.data,
            cookies=tuple(response.headers.getlist("set-cookie")),
        )
