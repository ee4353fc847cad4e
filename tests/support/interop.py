"""The independent clients under `conformance/interop/`: installed from their lock file, run against a live server."""

import fcntl
import hashlib
import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from authserver.serving.tls import REFRESH_SECONDS
from tests.support.authority import NOW, CertificateWithKey, common_name, self_signed
from tests.support.jose import private_key, public_jwk
from tests.support.live_server import LiveServer
from tests.support.programs import find_program
from tests.support.relying_party import certificate_jwk
from tests.support.servers import ROOT, wait_until

FOLDER = ROOT / "conformance" / "interop"
REDIRECT_URI = "https://app.example/callback"
ACCOUNTS = "https://bank.example/accounts"
PAYMENTS = "https://bank.example/payments"
_INSTALL_SECONDS = 300
_RUN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Scenario:
    """How an app authenticates, what its tokens are bound to, and whether the server demands DPoP nonces."""

    name: str
    authentication: str
    binding: str
    algorithm: str = "ES256"
    id_token_algorithm: str = "ES256"
    nonces: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """A live server with the two resource servers of a bank."""

    server: LiveServer
    accounts: Mapping[str, object] = field(repr=False)
    payments: Mapping[str, object] = field(repr=False)

    def run(self, client: str, scenario: Scenario, person: str, fault: str | None = None) -> dict[str, Any]:
        """Register an app and a person, run a client's story, and answer its report."""
        described = {
            "name": scenario.name,
            "client": client,
            "fault": fault,
            "issuer": self.server.issuer,
            "authority": self.server.authority.pem.decode(),
            "app": _register_app(self.server, f"{person}-app", scenario),
            "accounts": self.accounts,
            "payments": self.payments,
            "person": self.server.add_person(person),
        }
        return _run_node(json.dumps(described))


def install() -> None:
    """Install what the lock file names, where that has not been done; the packages stay for later runs."""
    with (FOLDER / "package-lock.json").open("rb") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)  # of two test processes one installs and the other waits
        _install(hashlib.sha256(lock_file.read()).hexdigest())


def _install(wanted: str) -> None:
    done = FOLDER / "node_modules" / ".installed"
    if done.exists() and done.read_text() == wanted:
        return
    npm = find_program("node") or "npm"
    result = subprocess.run(
        [npm, "ci"], cwd=FOLDER, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
    )
    assert result.returncode == 0, f"npm ci in {FOLDER} failed, and needs the npm registry once:\n{result.stderr}"
    done.write_text(wanted)


def open_scene(server: LiveServer) -> Scene:
    """Register the bank's resource servers: one takes JWTs, the other opaque tokens and signed answers about them.

    Returns when the server knows them.
    """
    accounts = _register_resource_server(server, "bank-accounts", ACCOUNTS, "accounts", "jwt")
    payments = _register_resource_server(server, "bank-payments", PAYMENTS, "payments", "opaque", "PS256")
    wait_until(lambda: {"accounts", "payments"} <= server.known_scopes(), "the resource servers known to the server")
    return Scene(server, accounts, payments)


def node() -> str:
    """Answer the Node to run: the one that the lock file pins, where there is one for this kind of machine.

    The clients need Node 20 or later, and systems still in use have older ones.
    """
    return next((str(found) for found in FOLDER.glob("node_modules/node-*/bin/node")), "node")


def _run_node(given: str) -> dict[str, Any]:
    command = [node(), "run.mjs"]
    result = subprocess.run(
        command, cwd=FOLDER, input=given, capture_output=True, text=True, timeout=_RUN_SECONDS, check=False
    )
    assert result.stdout.startswith("{"), f"no report, status {result.returncode}:\n{result.stderr}"
    report: dict[str, Any] = json.loads(result.stdout)
    assert report["passed"] == (result.returncode == 0)
    return report


def _register_app(server: LiveServer, client_id: str, scenario: Scenario) -> dict[str, object]:
    metadata: dict[str, object] = {
        "client_id": client_id,
        "client_name": "Interop app",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": "openid email accounts payments",
        "token_endpoint_auth_method": scenario.authentication,
        "id_token_signed_response_alg": scenario.id_token_algorithm,
        "tls_client_certificate_bound_access_tokens": scenario.binding == "mtls",
        "dpop_bound_access_tokens": scenario.binding == "dpop",
    }
    known: dict[str, object] = {
        "clientId": client_id,
        "redirectUri": REDIRECT_URI,
        "authentication": scenario.authentication,
        "binding": scenario.binding,
        "dpopAlgorithm": scenario.algorithm,
        "idTokenAlgorithm": scenario.id_token_algorithm,
        "nonces": scenario.nonces,
    }
    if scenario.authentication == "private_key_jwt":
        key = private_key(scenario.algorithm, client_id)
        metadata["jwks"] = {"keys": [public_jwk(key, kid=key.thumbprint(), use="sig")]}
        known["signingKey"] = {**key.as_dict(private=True), "kid": key.thumbprint(), "alg": scenario.algorithm}
    if scenario.authentication == "tls_client_auth":
        metadata["tls_client_auth_subject_dn"] = f"CN={client_id}"
    if scenario.binding == "mtls":
        certificate = _certificate(server, client_id, scenario)
        known["certificate"] = _pem(certificate)
        if scenario.authentication == "self_signed_tls_client_auth":
            metadata["jwks"] = {"keys": [certificate_jwk(certificate)]}
    server.add_client(**metadata)
    if scenario.authentication == "self_signed_tls_client_auth":
        # The TLS listener looks that often for certificates that were registered since.
        time.sleep(REFRESH_SECONDS)
    return known


def _certificate(server: LiveServer, client_id: str, scenario: Scenario) -> CertificateWithKey:
    if scenario.authentication == "self_signed_tls_client_auth":
        return self_signed(common_name(client_id), NOW)
    return server.authority.issue_client(common_name(client_id), NOW)


def _register_resource_server(
    server: LiveServer, client_id: str, audience: str, scope: str, token_format: str, signed_answers: str = ""
) -> dict[str, object]:
    server.add_client(
        client_id=client_id,
        grant_types=[],
        token_endpoint_auth_method="tls_client_auth",
        tls_client_auth_subject_dn=f"CN={client_id}",
        resource=[audience],
        resource_scopes=scope,
        access_token_format=token_format,
        **({"introspection_signed_response_alg": signed_answers} if signed_answers else {}),
    )
    certificate = server.authority.issue_client(common_name(client_id), NOW)
    pem = _pem(certificate)
    return {"clientId": client_id, "audience": audience, "certificate": pem, "signedAnswers": signed_answers}


def _pem(credential: CertificateWithKey) -> dict[str, str]:
    key = credential.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"certificate": credential.certificate_pem.decode(), "key": key.decode()}
