"""Every frozen value is a struct, hides what is secret, and lies in no cycle that the collector would have to find."""

import ast
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from enum import Enum
from inspect import get_annotations
from typing import get_args, get_origin

import pytest

import authserver
from authserver.protocol.params import Params
from authserver.values import Assembly, Hidden, Value, hidden_fields, replace
from tests.support.source import modules

_SECRET = {"assertion", "authorization", "cookie", "credential", "jwt", "key", "password", "secret", "seed", "token"}
_SHOWN = {
    "public_key", "credential_public_key",  # public, as they say
    "id_token",  # the names of claims that are asked for in it
    "sealed_token",  # a ciphertext
    "account_key",  # the name under which one person's tries are counted
}  # fmt: skip
_LEADS_NOWHERE = {("OneTimeId", "refuse")}  # a function of a module, which holds nothing
_NOT_IMPORTED = {"authserver.wsgi", "authserver.cli.__main__"}  # they start a server


def _below(kind: type) -> Iterator[type]:
    each: type
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def _kinds() -> list[type]:
    for module in pkgutil.walk_packages(authserver.__path__, "authserver."):
        if module.name not in _NOT_IMPORTED:
            importlib.import_module(module.name)
    found = {kind for base in (Value, Assembly) for kind in _below(base) if kind.__module__.startswith("authserver.")}
    return sorted(found, key=_name)


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


_KINDS = _kinds()


def _frozen_dataclasses(tree: ast.Module) -> list[str]:
    """Return the names of the classes that a decorator makes frozen."""
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and any(keyword.arg == "frozen" for keyword in decorator.keywords)
    ]


def _hints(kind: type) -> Iterator[tuple[str, object]]:
    for base in kind.__mro__:
        yield from get_annotations(base).items()


def _parts(hint: object) -> Iterator[object]:
    """Yield a type and those it is made of; the arguments of a function are a list of them."""
    if isinstance(hint, list):
        for each in hint:
            yield from _parts(each)
        return
    yield get_origin(hint) or hint
    for part in get_args(hint):
        yield from _parts(part)


def _secrets_shown(kind: type) -> list[str]:
    """Return the fields of text or bytes that are secret by their name, and stand in the repr."""
    if "__repr__" in vars(kind):
        return []
    told = {name for name, hint in _hints(kind) if {str, bytes} & set(_parts(hint))}
    return sorted(name for name in told - hidden_fields(kind) - _SHOWN if name.strip("_").rpartition("_")[2] in _SECRET)


def _ways_back(kind: type) -> list[str]:
    """Return the fields by which a value may come to hold itself: functions, and what is neither value nor word."""
    return sorted(
        name
        for name, hint in _hints(kind)
        if (kind.__name__, name) not in _LEADS_NOWHERE and any(map(_may_lead_back, _parts(hint)))
    )


def _may_lead_back(part: object) -> bool:
    if part in (Callable, Assembly):
        return True
    if not isinstance(part, type) or not part.__module__.startswith(("authserver.", __name__)):
        return False
    return not issubclass(part, Value | Params | Enum | str | Exception)


def test_no_frozen_dataclass_is_left() -> None:
    assert not [f"{path}: {name}" for path, tree in modules() for name in _frozen_dataclasses(tree)]


@pytest.mark.parametrize("kind", _KINDS, ids=_name)
def test_what_is_secret_stands_in_no_repr(kind: type) -> None:
    assert not _secrets_shown(kind)


@pytest.mark.parametrize(
    "kind",
    [kind for kind in _KINDS if issubclass(kind, Value)],
    ids=_name,
)
def test_no_value_holds_what_may_lead_back_to_it(kind: type) -> None:
    assert not _ways_back(kind)


class _Part(Assembly, frozen=True):
    answer: Callable[[], str]


class _Leaky(Value, frozen=True):
    access_token: str | None
    kept: tuple[_Part, ...] = ()


class _Sound(Value, frozen=True):
    client_id: str
    access_token: Hidden[str]
    public_key: bytes = b""


def test_the_rules_see_what_breaks_them() -> None:
    assert _frozen_dataclasses(ast.parse("@dataclass(frozen=True, slots=True)\nclass Grant:\n    scope: str"))
    assert _secrets_shown(_Leaky) == ["access_token"]
    assert _ways_back(_Leaky) == ["kept"]
    assert not _secrets_shown(_Sound)
    assert not _ways_back(_Sound)


def test_a_repr_tells_what_is_not_hidden() -> None:
    assert repr(_Sound("bank", "secret")) == "_Sound(client_id='bank', public_key=b'')"
    assert repr(replace(_Sound("bank", "secret"), client_id="app")) == "_Sound(client_id='app', public_key=b'')"


def test_a_value_never_changes() -> None:
    with pytest.raises(AttributeError):
        _Sound("bank", "secret").client_id = "app"  # type: ignore[misc]
