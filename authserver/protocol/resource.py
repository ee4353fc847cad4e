"""Resource indicators: absolute URIs that name where a token is to be used."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from authserver.protocol.errors import InvalidTarget

_MAX_RESOURCES = 8
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


def parse_resources(values: Iterable[str]) -> tuple[str, ...]:
    """Return the resource indicators of a request, each once.

    Raises InvalidTarget where one is no absolute URI or has a fragment.

    Spec: RFC8707-2
    """
    resources = tuple(dict.fromkeys(values))
    if len(resources) > _MAX_RESOURCES:
        raise InvalidTarget("The request names too many resources.", clause="RFC8707-2")
    if not all(_is_absolute(resource) for resource in resources):
        raise InvalidTarget("A resource must be an absolute URI without a fragment.", clause="RFC8707-2")
    return resources


def check_resources_within(asked: Iterable[str], allowed: Iterable[str]) -> None:
    """Return where every resource asked for is among those allowed.

    Raises InvalidTarget otherwise.

    Spec: RFC8707-2.2
    """
    if not set(asked) <= set(allowed):
        raise InvalidTarget("Each resource must be one that the grant covers.", clause="RFC8707-2.2")


def _is_absolute(resource: str) -> bool:
    if not _PRINTABLE.fullmatch(resource) or "#" in resource:
        return False
    try:
        parts = urlsplit(resource)
    except ValueError:
        return False
    return bool(parts.scheme) and bool(parts.netloc or parts.path)
