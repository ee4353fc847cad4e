"""What a token is bound to."""

from authserver.protocol.names import TOKEN_TYPE_BEARER, TOKEN_TYPE_DPOP
from authserver.values import Value


class Binding(Value, frozen=True):
    """The key a token is bound to: a certificate's thumbprint, or a DPoP key's; neither for a bearer token.

    Spec: RFC8705-3.1, RFC9449-6.1
    """

    x5t_s256: str | None = None
    jkt: str | None = None

    @property
    def token_type(self) -> str:
        """Return the token type under which a token so bound is presented."""
        return TOKEN_TYPE_DPOP if self.jkt else TOKEN_TYPE_BEARER

    def confirmation(self) -> dict[str, str]:
        """Return the `cnf` claim's members; empty for a bearer token."""
        if self.jkt:
            return {"jkt": self.jkt}
        return {"x5t#S256": self.x5t_s256} if self.x5t_s256 else {}


NO_BINDING = Binding()


def parse_confirmation(confirmation: object) -> Binding:
    """Return the binding that a `cnf` claim states; none where it is no object."""
    members = confirmation if isinstance(confirmation, dict) else {}
    x5t_s256, jkt = members.get("x5t#S256"), members.get("jkt")
    return Binding(
        x5t_s256=x5t_s256 if isinstance(x5t_s256, str) else None,
        jkt=jkt if isinstance(jkt, str) else None,
    )
