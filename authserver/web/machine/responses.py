"""Answers of the machine endpoints; `no-store` is sent from here and nowhere else."""

from collections.abc import Mapping

import orjson

from authserver.web.machine.model import MachineResponse

Headers = tuple[tuple[str, str], ...]

NO_STORE: Headers = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
RETRY_LATER: Headers = (("Retry-After", "5"),)
"""On every 503, from here and nowhere else: what is away for a moment is seldom back within the second."""
_UNAVAILABLE = 503
_JSON: Headers = (("Content-Type", "application/json"),)


def json_no_store(body: Mapping[str, object], *, status: int = 200, headers: Headers = ()) -> MachineResponse:
    """Return a JSON answer that no cache may keep.

    Spec: RFC6749-5.1
    """
    return MachineResponse(status, (*_JSON, *NO_STORE, *_told_by(status), *headers), orjson.dumps(body))


def _told_by(status: int) -> Headers:
    """Return the headers that a status brings with it.

    Spec: RFC9110-15.6.4
    """
    return RETRY_LATER if status == _UNAVAILABLE else ()


def private_answer(
    body: bytes, content_type: str, *, max_age_seconds: int = 0, headers: Headers = ()
) -> MachineResponse:
    """Return an answer in one of several types, which its receiver may keep for some seconds; with 0 no cache may.

    Spec: RFC7662-4, RFC9110-12.5.5, RFC9111-5.2.2
    """
    keep = NO_STORE
    if max_age_seconds > 0:
        keep = (("Cache-Control", f"private, max-age={max_age_seconds}"), ("Vary", "Accept"))
    return MachineResponse(200, (("Content-Type", content_type), *keep, *headers), body)


def created(body: Mapping[str, object], *, headers: Headers = ()) -> MachineResponse:
    """Return 201 with a JSON body that no cache may keep.

    Spec: RFC9126-2.2
    """
    return json_no_store(body, status=201, headers=headers)


def empty(*, status: int = 200, headers: Headers = ()) -> MachineResponse:
    """Return an answer without a body."""
    return MachineResponse(status, (*NO_STORE, *headers))


def see_other(location: str, *, headers: Headers = ()) -> MachineResponse:
    """Return a 303, which browsers follow with GET and without the body they just sent.

    Spec: FAPI2-SP-FINAL-5.3.2.2-10, RFC9700-4.12
    """
    return MachineResponse(303, (("Location", location), *NO_STORE, *headers))


def html_no_store(markup: str, *, status: int = 200, headers: Headers = ()) -> MachineResponse:
    """Return a page that no cache may keep."""
    content_type = (("Content-Type", "text/html; charset=utf-8"),)
    return MachineResponse(status, (*content_type, *NO_STORE, *_told_by(status), *headers), markup.encode("utf-8"))


def public_document(body: bytes, etag: str, *, max_age_seconds: int, if_none_match: str | None) -> MachineResponse:
    """Return a public JSON document with cache headers, or 304 where the caller holds it already."""
    headers = (("Cache-Control", f"public, max-age={max_age_seconds}"), ("ETag", etag))
    if if_none_match is not None and etag in (candidate.strip() for candidate in if_none_match.split(",")):
        return MachineResponse(304, headers)
    return MachineResponse(200, (*_JSON, *headers), body)
