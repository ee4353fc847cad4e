"""A session, the factors it rests on, and the limits of its life."""

from authserver.values import Hidden, Value


class ProvedFactor(Value, frozen=True):
    """A method by which the person proved themselves, by its name in the table of factors, and when they last did."""

    method: str
    at: int


class Session(Value, frozen=True):
    """A signed-in browser.

    `session_id` is public (the `sid` of tokens) and stays when a factor is added; what the browser holds is another
    value, new at every authentication and stored as its hash. `authenticated_at` is when a factor was last proved.
    `expires_at` is the absolute end. `browser` is what the person knows the browser by, such as `Firefox on Linux`.
    """

    session_id: str
    account_id: str
    factors: tuple[ProvedFactor, ...]
    created_at: int
    authenticated_at: int
    last_seen_at: int
    expires_at: int
    browser: str = ""

    @property
    def auth_time(self) -> int:
        """Return since when the whole sign-in stands: the time of its oldest factor.

        A fresh code makes no old password fresh. Whatever asks for an age is answered by this moment, `max_age` here as
        well as the `auth_time` of a token at an API.

        Spec: OIDCC-2, OIDCC-3.1.2.1, RFC9068-2.2.1, RFC9470-5
        """
        return min(factor.at for factor in self.factors)


class Browser(Value, frozen=True):
    """A browser in which someone signs in: what its person knows it by, and the session cookie it came with, if any."""

    name: str = ""
    cookie: Hidden[str] = ""


class SessionLimits(Value, frozen=True):
    """How long a session lasts: unused, unused once two factors stand behind it, and in all.

    Spec: ASVS5-7.3.1, ASVS5-7.3.2, RTS-SCA-4.3
    """

    idle_seconds: int = 900
    strong_idle_seconds: int = 300
    absolute_seconds: int = 8 * 3600

    def __post_init__(self) -> None:
        if min(self.idle_seconds, self.strong_idle_seconds, self.absolute_seconds) < 1:
            raise ValueError("a session's limits are at least one second each")
