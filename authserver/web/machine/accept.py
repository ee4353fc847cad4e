"""Choosing between two types of an answer by the request's Accept header."""

import re
from collections.abc import Mapping

_QUALITY = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def asks_for(accept: str, content_type: str, default: str) -> bool:
    """Return whether an Accept header names a type, and wants the default no more than it.

    A wildcard asks for the default, and so does whatever cannot be read: the other type is sent to those alone who
    named it.

    Spec: RFC9110-12.5.1
    """
    if content_type not in accept.lower():
        return False
    wanted = _read(accept.lower())
    quality = wanted.get(content_type, 0.0)
    ranges = (default, f"{default.partition('/')[0]}/*", "*/*")
    quality_of_default = next((wanted[name] for name in ranges if name in wanted), 0.0)
    return quality > 0 and quality >= quality_of_default


def _read(accept: str) -> Mapping[str, float]:
    elements = (element.partition(";") for element in accept.split(","))
    return {name.strip(): _quality(parameters) for name, _, parameters in elements}


def _quality(parameters: str) -> float:
    """Return the quality among a type's parameters: 1 where none is stated, 0 for one that cannot be read."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value) if _QUALITY.fullmatch(value.strip()) else 0.0
    return 1.0
