"""Where everything of a demo is: its ports and URLs, and the files in its folder."""

from pathlib import Path

from authserver.values import Value

HOST = "localhost"
ADDRESS = "127.0.0.1"

BANK_CREDENTIAL = "bank-client"
"""The certificate with which the bank asks the introspection endpoint."""


class DemoPorts(Value, frozen=True):
    """The ports of one demo, all on the loopback address."""

    server: int = 8443
    server_mtls: int = 8444
    bank: int = 8445
    app: int = 8446

    @classmethod
    def starting_at(cls, port: int) -> "DemoPorts":
        """Return four ports in a row; the first is the server's."""
        return cls(port, port + 1, port + 2, port + 3)


class DemoLayout(Value, frozen=True):
    """One demo's folder and ports, and what follows from them."""

    folder: Path
    ports: DemoPorts

    @property
    def issuer(self) -> str:
        """The authorization server's issuer identifier."""
        return f"https://{HOST}:{self.ports.server}"

    @property
    def mtls_origin(self) -> str:
        """The authorization server where it asks for client certificates."""
        return f"https://{HOST}:{self.ports.server_mtls}"

    @property
    def bank(self) -> str:
        """The bank API's origin."""
        return f"https://{HOST}:{self.ports.bank}"

    @property
    def accounts(self) -> str:
        """The accounts API: its URL, and the audience of its tokens."""
        return f"{self.bank}/accounts"

    @property
    def payments(self) -> str:
        """The payments API: its URL, and the audience of its tokens."""
        return f"{self.bank}/payments"

    @property
    def recurring(self) -> str:
        """The part of the payments API that pays within limits; its tokens are those of the payments API."""
        return f"{self.bank}/recurring-payments"

    @property
    def app(self) -> str:
        """The third-party app's origin."""
        return f"https://{HOST}:{self.ports.app}"

    @property
    def callback(self) -> str:
        """The redirect URI of the third-party app's clients."""
        return f"{self.app}/callback"

    @property
    def authority(self) -> Path:
        """The certificate of the development authority, in PEM."""
        return self.certificates / "authority.pem"

    @property
    def certificates(self) -> Path:
        """The folder of certificates and their keys."""
        return self.folder / "certificates"

    @property
    def clients(self) -> Path:
        """The folder of the clients' own keys and secrets."""
        return self.folder / "clients"

    @property
    def logs(self) -> Path:
        """The folder of the logs, one file for each server."""
        return self.folder / "logs"

    @property
    def config(self) -> Path:
        """The authorization server's configuration file."""
        return self.folder / "authserver.toml"

    @property
    def database_url(self) -> str:
        """The authorization server's database, for its operator."""
        return f"sqlite:///{self.folder / 'authserver.sqlite'}"

    @property
    def bank_terms(self) -> Path:
        """What the bank was told when the demo was set up."""
        return self.folder / "bank.json"

    @property
    def bank_database(self) -> Path:
        """The bank's own database: the tokens that were spent there."""
        return self.folder / "bank.sqlite"

    @property
    def check_passkey(self) -> Path:
        """The passkey in software with which `--check` signs in."""
        return self.clients / "passkey.json"

    @property
    def payment_proof(self) -> Path:
        """The proof of the latest payment, or limits of payments, that a person approved with a passkey."""
        return self.folder / "payment-proof.json"

    @property
    def mandate_proof(self) -> Path:
        """The proof of limits of payments that `--check` leaves beside that of a payment."""
        return self.folder / "mandate-proof.json"

    def certificate(self, name: str) -> tuple[Path, Path]:
        """Return the files of a certificate and its key."""
        return self.certificates / f"{name}.pem", self.certificates / f"{name}.key"
