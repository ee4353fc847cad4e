"""Client secrets: for clients of the plain profile alone, in the header or in the form."""

import base64

import pytest

from authserver.clients.registration import prepare_registration
from authserver.protocol.errors import InvalidClientMetadata
from tests.support.deployment import ISSUER, Deployment
from tests.support.machine_calls import MACHINE_ENDPOINTS, call, honest_form
from tests.support.refusals import refusal
from tests.support.relying_party import ASSERTION_TYPE, REDIRECT_URI, RelyingParty, Reply, basic, register

REFUSED = (401, "invalid_client")
METHODS = ("client_secret_basic", "client_secret_post")


@pytest.fixture(scope="module")
def clients(shared: Deployment) -> dict[str, RelyingParty]:
    """A plain client of each method."""
    return {method: register_plain(shared, method, token_endpoint_auth_method=method) for method in METHODS}


def register_plain(deployment: Deployment, client_id: str, **changes: object) -> RelyingParty:
    """Register a client of the plain profile, whose tokens are bound to no key."""
    client = register(
        deployment,
        client_id,
        profile="oidc",
        scope="openid profile email own",
        dpop_bound_access_tokens=True,
        **changes,
    )
    client.certificate = None
    return client


def with_basic(client: RelyingParty, path: str, header: str | None, **changes: object) -> Reply:
    """Call an endpoint with an Authorization header as given."""
    headers = {} if header is None else {"Authorization": header}
    if path == "/token":
        headers["DPoP"] = client.proof("POST", ISSUER + path)
    form = {name: value for name, value in {**honest_form(client, path), **changes}.items() if value is not None}
    return client.send(path, form, headers=headers)


@pytest.mark.parametrize("method", [*METHODS, "none", "client_secret_jwt", "tls", ""])
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-6", "FAPI2-SP-FINAL-5.3.2.1-3", "RFC9700-2.5-1", "RFC6749-4.4-1")
def test_a_fapi_client_can_register_no_secret_and_no_want_of_one(method: str) -> None:
    metadata = {"redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": method}
    with pytest.raises(InvalidClientMetadata) as refused:
        prepare_registration(metadata, default_profile="fapi2")
    assert refused.value.clause == "FAPI2-SP-FINAL-5.3.2.1-6"


@pytest.mark.spec("OIDCC-9")
def test_no_profile_has_secrets_that_sign() -> None:
    metadata = {"redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "client_secret_jwt"}
    with pytest.raises(InvalidClientMetadata):
        prepare_registration(metadata, default_profile="oidc")


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.spec("RFC6749-2.3.1-1", "RFC6749-3.2.1-1")
def test_a_secret_authenticates_in_its_registered_place(
    clients: dict[str, RelyingParty], method: str, path: str
) -> None:
    assert call(clients[method], path).status_code in {200, 201}


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC6749-2.3.1-1")
def test_a_secret_is_taken_in_the_other_place_too(clients: dict[str, RelyingParty], path: str) -> None:
    by_header, by_form = (clients[method] for method in METHODS)
    secret = by_header.secret or ""
    moved = with_basic(by_header, path, None, client_id=by_header.client_id, client_secret=secret)
    assert moved.status_code in {200, 201}
    wrong = with_basic(by_header, path, None, client_id=by_header.client_id, client_secret=secret[:-1])
    assert refusal(wrong) == REFUSED
    assert with_basic(by_form, path, basic(by_form.client_id, by_form.secret or "")).status_code in {200, 201}


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC6749-2.3-1")
def test_a_secret_serves_no_client_that_is_registered_without_one(shared: Deployment, path: str) -> None:
    client = register_plain(shared, "keyed" + path.replace("/", "-"))
    assert refusal(with_basic(client, path, basic(client.client_id, ""))) == REFUSED
    assert refusal(with_basic(client, path, None, client_id=client.client_id, client_secret="x")) == REFUSED


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC6749-2.3-1")
def test_several_methods_at_once_are_refused(clients: dict[str, RelyingParty], path: str) -> None:
    client = clients["client_secret_basic"]
    header = basic(client.client_id, client.secret or "")
    assertion = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": client.assertion()}
    for second in (assertion, {"client_secret": client.secret}, {"client_assertion": "x"}):
        assert refusal(with_basic(client, path, header, **second)) == REFUSED
    both = {"client_id": client.client_id, "client_secret": client.secret, **assertion}
    assert refusal(with_basic(client, path, None, **both)) == REFUSED


@pytest.mark.parametrize("secret", ["", "wrong", "\x00", "é", "s" * 5000])
@pytest.mark.spec("RFC6749-2.3.1-1", "RFC6749-5.2-3")
def test_a_wrong_secret_is_refused_with_a_challenge_to_whoever_used_the_header(
    clients: dict[str, RelyingParty], secret: str
) -> None:
    by_header, by_form = (clients[method] for method in METHODS)
    reply = with_basic(by_header, "/token", basic(by_header.client_id, secret))
    assert refusal(reply) == REFUSED
    assert reply.headers["WWW-Authenticate"].startswith("Basic ")
    reply = with_basic(by_form, "/token", None, client_id=by_form.client_id, client_secret=secret.strip("\x00") or "x")
    assert refusal(reply) == REFUSED
    assert "WWW-Authenticate" not in reply.headers


@pytest.mark.parametrize("client_id", ["nobody", "", "client_secret_post", "a\x00b", "%00", "é"])
@pytest.mark.spec("RFC6749-5.2-1")
def test_an_unknown_client_is_answered_like_a_wrong_secret(clients: dict[str, RelyingParty], client_id: str) -> None:
    client = clients["client_secret_basic"]
    unknown = with_basic(client, "/token", basic(client_id, client.secret or ""))
    wrong = with_basic(client, "/token", basic(client.client_id, "wrong"))
    assert refusal(unknown) == REFUSED
    assert unknown.json["error_description"] == wrong.json["error_description"]


@pytest.mark.spec("RFC6749-2.3.1-1", "RFC6749-B-1")
def test_id_and_secret_in_the_header_are_form_encoded(deployment: Deployment) -> None:
    client = register_plain(deployment, "login:app+1", token_endpoint_auth_method="client_secret_basic")
    assert with_basic(client, "/token", basic("login%3Aapp%2B1", client.secret or "")).status_code == 200
    assert refusal(with_basic(client, "/token", basic("login:app+1", client.secret or ""))) == REFUSED


@pytest.mark.parametrize(
    "credentials",
    [
        "",
        " ",
        "!!!!",
        "bm9jb2xvbg==",
        base64.b64encode(b"\xff\xfe:\xff").decode(),
        "\xe9\xe9",
        "YTpi YTpi",
        "YTpi,Basic YTpi",
    ],
)
@pytest.mark.spec("RFC6749-2.3.1-1", "RFC6749-5.2-3")
def test_a_basic_header_that_cannot_be_read_is_refused(clients: dict[str, RelyingParty], credentials: str) -> None:
    reply = with_basic(clients["client_secret_basic"], "/token", f"Basic {credentials}")
    assert refusal(reply) == REFUSED
    assert reply.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC6749-2.3.1-2")
def test_credentials_in_the_url_are_refused(clients: dict[str, RelyingParty], path: str) -> None:
    client = clients["client_secret_post"]
    form = honest_form(client, path)
    url = f"{path}?client_id={client.client_id}&client_secret={client.secret}"
    assert refusal(client.send(url, form)) == (400, "invalid_request")
    assert refusal(client.send(path + "?x=y", {**form, **client.credentials()})) == (400, "invalid_request")


@pytest.mark.spec("RFC6749-2.3.1-3", "RFC7009-5-1")
def test_guessing_at_secrets_is_limited(deployment: Deployment) -> None:
    client = register_plain(deployment, "login-app", token_endpoint_auth_method="client_secret_basic")
    wrong = basic(client.client_id, "wrong")
    answers = [client.send("/introspect", {"token": "x"}, headers={"Authorization": wrong}) for _ in range(125)]
    assert {answer.status_code for answer in answers} == {401, 429}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


@pytest.mark.spec("RFC6749-10.3-1")
def test_a_secret_is_kept_as_a_hash_alone(shared: Deployment, clients: dict[str, RelyingParty]) -> None:
    with shared.database.read() as connection:
        rows = [repr(tuple(row)) for row in connection.exec_driver_sql("SELECT * FROM clients")]
    assert rows
    for client in clients.values():
        assert client.secret
        assert not [row for row in rows if client.secret in row]
