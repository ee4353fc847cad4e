"""Argon2id at its cheapest in the processes of tests, since thousands of sign-ins are not about what a hash costs.

A pytest plugin. Everything else about hashing stays as it is: the pool, one hash for each sign-in, the renewal of a
hash of other parameters. A test marked `production_hashing` has the parameters of production, as have the servers that
tests start as processes of their own.
"""

from collections.abc import Generator

import pytest

from authserver.accounts.factors.password import hashing

_MEMORY_KIB, _ITERATIONS = 8, 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test and its fixtures hash cheaply, unless it is about the cost."""
    with pytest.MonkeyPatch.context() as patch:
        if item.get_closest_marker("production_hashing") is None:
            _make_cheap(patch)
        return (yield)


def _make_cheap(patch: pytest.MonkeyPatch) -> None:
    dear, cheap = hashing._CURRENT_PREFIX, f"$argon2id$v=19$m={_MEMORY_KIB},t={_ITERATIONS},p={hashing._LANES}$"  # noqa: SLF001
    changed = {
        "_MEMORY_KIB": _MEMORY_KIB,
        "_ITERATIONS": _ITERATIONS,
        "_CURRENT_PREFIX": cheap,
        "_CURRENT_LENGTH": hashing._CURRENT_LENGTH - len(dear) + len(cheap),  # noqa: SLF001
        "DUMMY_PASSWORD_HASH": hashing.DUMMY_PASSWORD_HASH.replace(dear, cheap),
    }
    for name, value in changed.items():
        patch.setattr(hashing, name, value)
