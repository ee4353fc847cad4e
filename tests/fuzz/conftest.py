"""What the hostile requests of this folder are sent to."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import delete

from authserver.db.tables.accounts import attempt_counters
from tests.support import databases
from tests.support.deployment import ISSUER, Deployment, deploy
from tests.support.hostile import Watch, check_answer
from tests.support.person import Person
from tests.support.relying_party import RelyingParty, Reply, register, register_bank

FORM = "application/x-www-form-urlencoded"
_NO_LIMITS = {
    f"limit_{name}": ""
    for name in (
        "sign_in_address",
        "second_factor_address",
        "consent_address",
        "client",
        "client_authentication_failure",
    )
}


class Target:
    """A deployment with a client of each kind, and the watch over it; no dataclass, so that reports stay short."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.bank = register_bank(self.deployment)
        self.app = register(self.deployment)
        self.dpop_app = register(self.deployment, "dpop-app", dpop_bound_access_tokens=True)
        self.certificate_app = register(
            self.deployment, "certificate-app", token_endpoint_auth_method="tls_client_auth"
        )
        self.shop = register(
            self.deployment,
            "shop",
            profile="oidc",
            token_endpoint_auth_method="client_secret_basic",
            scope="openid profile email",
            tls_client_certificate_bound_access_tokens=False,
        )
        self.shop.certificate = None
        self.alice = Person(self.deployment)
        self.watch = Watch(self.deployment)

    def send(
        self,
        path: str,
        body: bytes | None = None,
        *,
        headers: dict[str, str] | None = None,
        secrets: tuple[str, ...] = (),
        echoed: str = "",
        **options: Any,  # noqa: ANN401 - as the client takes them
    ) -> Reply:
        """Send one request, check all that holds of every request, and return the answer."""
        with self.deployment.database.transaction() as connection:
            connection.execute(delete(attempt_counters))  # no pause stands in the way of what is to be verified
        client = self.deployment.app.test_client(use_cookies=False)
        form: dict[str, Any] = {} if body is None else {"method": "POST", "content_type": FORM, "data": body}
        with self.watch.request(*secrets) as answers:
            answer = cast("Reply", client.open(path, base_url=ISSUER, headers=headers, **{**form, **options}))
            check_answer(answer, echoed=echoed)
            answers.append(answer)
        return answer

    def parties(self) -> dict[str, RelyingParty]:
        """Return the clients by name."""
        return {"app": self.app, "dpop-app": self.dpop_app, "certificate-app": self.certificate_app, "shop": self.shop}


@pytest.fixture(scope="module")
def target(_migrated_sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A target on SQLite, for all tests of a file; no limit stands in the way."""
    file = tmp_path_factory.mktemp("target") / "authserver.db"
    url = databases.sqlite_url(Path(shutil.copy(_migrated_sqlite_file, file)))
    with databases.connected(url) as connected:
        yield Target(deploy(connected, url, **_NO_LIMITS))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def either_target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """A target on SQLite and one on PostgreSQL, which is the stricter about text."""
    if request.param == "sqlite":
        yield request.getfixturevalue("target")
        return
    url = request.getfixturevalue("postgresql_url")
    with databases.connected(url) as connected:
        databases.clear(connected)
        yield Target(deploy(connected, url, **_NO_LIMITS))
