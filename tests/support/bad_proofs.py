"""DPoP proofs that no server may accept, whatever the endpoint, and some it must."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.support.jose import encode, private_key, public_jwk, weak_rsa_jwk
from tests.support.relying_party import RelyingParty

Maker = Callable[[RelyingParty, str, str, str | None], str]
"""Makes a proof for a method, a URL and perhaps an access token."""


def _altered(**changes: Any) -> Maker:  # noqa: ANN401  a claim may be anything, a header too
    def make(app: RelyingParty, method: str, url: str, access_token: str | None) -> str:
        return app.proof(method, url, access_token=access_token, **changes)

    return make


def _aged(name: str, seconds: int) -> Maker:
    def make(app: RelyingParty, method: str, url: str, access_token: str | None) -> str:
        moment: dict[str, Any] = {name: app.deployment.now + seconds}
        return app.proof(method, url, access_token=access_token, **moment)

    return make


def _at(change: Callable[[str], str]) -> Maker:
    def make(app: RelyingParty, method: str, url: str, access_token: str | None) -> str:
        return app.proof(method, change(url), access_token=access_token)

    return make


def _rewritten(change: Callable[[str], str]) -> Maker:
    def make(app: RelyingParty, method: str, url: str, access_token: str | None) -> str:
        return change(app.proof(method, url, access_token=access_token))

    return make


def _private_jwk(app: RelyingParty, method: str, url: str, access_token: str | None) -> str:
    return app.proof(method, url, access_token=access_token, header={"jwk": app.dpop_key.as_dict(private=True)})


def _unsigned(proof: str) -> str:
    return ".".join((encode(b'{"alg":"none","typ":"dpop+jwt"}'), proof.split(".")[1], ""))


def _bad_signature(proof: str) -> str:
    return ".".join((*proof.split(".")[:2], encode(bytes(64))))


BAD_PROOFS: Final[Mapping[str, Maker]] = {
    "two proofs": _rewritten(lambda proof: f"{proof}, {proof}"),
    "a proof and an empty one": _rewritten(lambda proof: f"{proof},"),
    "an empty header": _rewritten(lambda _: ""),
    "no JWT": _rewritten(lambda _: "proof"),
    "two segments": _rewritten(lambda proof: proof.rpartition(".")[0]),
    "four segments": _rewritten(lambda proof: proof + ".x"),
    "claims that are a list": _rewritten(lambda proof: proof.replace(proof.split(".")[1], encode(b"[1]"))),
    "no typ": _altered(header={"typ": None}),
    "typ JWT": _altered(header={"typ": "JWT"}),
    "typ of an access token": _altered(header={"typ": "at+jwt"}),
    "typ that is a list": _altered(header={"typ": ["dpop+jwt"]}),
    "no alg": _altered(header={"alg": None}),
    "alg RS256": _altered(header={"alg": "RS256"}),
    "alg HS256": _altered(header={"alg": "HS256"}),
    "alg that is a list": _altered(header={"alg": ["ES256"]}),
    "alg none": _rewritten(_unsigned),
    "no jwk": _altered(header={"jwk": None}),
    "a private jwk": _private_jwk,
    "a symmetric jwk": _altered(header={"jwk": {"kty": "oct", "k": "AAAA"}}),
    "the jwk of another key": _altered(header={"jwk": public_jwk(private_key("ES256", "stranger"))}),
    "the jwk of a weak key": _altered(header={"jwk": weak_rsa_jwk(), "alg": "PS256"}),
    "a jwk that is text": _altered(header={"jwk": "key"}),
    "a jwk on an unknown curve": _altered(header={"jwk": {"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"}}),
    "crit": _altered(header={"crit": ["exp"]}),
    "a bad signature": _rewritten(_bad_signature),
    "no jti": _altered(jti=None),
    "an empty jti": _altered(jti=""),
    "a jti that is a number": _altered(jti=7),
    "a jti without end": _altered(jti="j" * 257),
    "no htm": _altered(htm=None),
    "another htm": _altered(htm="PUT"),
    "htm in lower case": lambda app, method, url, token: app.proof(method.lower(), url, access_token=token),
    "no htu": _altered(htu=None),
    "htu that is a list": _altered(htu=["https://localhost:8443/token"]),
    "htu at another host": _at(lambda url: url.replace("localhost", "elsewhere.example")),
    "htu at another port": _at(lambda url: url.replace(":8443", ":9443")),
    "htu at the default port": _at(lambda url: url.replace(":8443", "")),
    "htu over http": _at(lambda url: url.replace("https:", "http:")),
    "htu at another path": _at(lambda url: url + "/other"),
    "htu with a slash at its end": _at(lambda url: url + "/"),
    "htu in another case": _at(lambda url: url[:-3] + url[-3:].upper()),
    "htu with a user": _at(lambda url: url.replace("//", "//user@")),
    "htu without an origin": _at(lambda url: "/" + url.rpartition("/")[2]),
    "no iat": _altered(iat=None),
    "iat that is text": _altered(iat="1700000000"),
    "iat that is true": _altered(iat=True),
    "iat an hour ago": _aged("iat", -3600),
    "iat two minutes ago": _aged("iat", -120),
    "iat an hour ahead": _aged("iat", 3600),
    "iat over a minute ahead": _aged("iat", 62),
    "a nonce of nobody's": _altered(nonce="nonce"),
    "a nonce that is a list": _altered(nonce=["nonce"]),
}

GOOD_PROOFS: Final[Mapping[str, Maker]] = {
    "as it should be": _altered(),
    "typ in another case": _altered(header={"typ": "DPoP+JWT"}),
    "members that no one knows": _altered(foo="bar", sub={"a": [1]}, header={"x-foo": "bar"}),
    "nbf and exp": lambda app, method, url, token: app.proof(
        method, url, access_token=token, nbf=app.deployment.now, exp=app.deployment.now + 300
    ),
    "iat ten seconds ago": _aged("iat", -10),
    "iat eight seconds ahead": _aged("iat", 8),
    "iat ten seconds ahead": _aged("iat", 10),
    "htu with a query": _at(lambda url: url + "?a=b"),
    "htu with a fragment": _at(lambda url: url + "#top"),
    "htu with scheme and host in capitals": _at(lambda url: url.replace("https://localhost", "HTTPS://LOCALHOST")),
    "htu at the origin that asks for certificates": _at(lambda url: url.replace(":8443", ":8444")),
}
