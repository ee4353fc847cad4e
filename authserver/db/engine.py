"""The engine and its transactions: the one way for a slice to reach the database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Protocol

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from authserver.db.admission import Admission
from authserver.db.sqlite import SqliteBackend
from authserver.db.writes import Writes
from authserver.protocol.errors import OAuthError, TemporarilyUnavailable

__all__ = ["DIALECTS", "Backend", "Connection", "Database"]

DIALECTS = ("sqlite", "postgresql")
_STATEMENTS_PART = 0.8
_PROBE_SECONDS = 1.0
_FOLLOWERS = "after_commit"


class Backend(Protocol):
    """What one kind of database offers; `Database` adds what they share.

    `deadline` is until when the caller waits for it altogether, by the monotonic clock in seconds.
    """

    def transaction(self, deadline: float) -> AbstractContextManager[Connection]:
        """Commit if the body ends well, roll back if it raises."""

    def single(self, deadline: float) -> AbstractContextManager[Connection]:
        """Open a connection for one statement that commits itself."""

    def read(self, deadline: float) -> AbstractContextManager[Connection]:
        """Open a connection for reading."""

    def write(self, writes: Writes, deadline: float) -> bool:
        """Write all of it, durable on return; false where the row to move was not as expected."""

    def ping(self, connection: Connection) -> None:
        """Raise if the database cannot be read."""

    def can_write(self, deadline: float) -> bool:
        """Tell whether the database takes writes; may raise where it does not."""

    def dispose(self) -> None:
        """Close every connection."""

    def passing_trouble(self, error: SQLAlchemyError) -> str | None:
        """Name the trouble if it may pass by itself."""


class Database:
    """A database, SQLite or PostgreSQL, as the rest of the server knows it.

    Trouble that may pass (a lost connection, a lock not had in time, a full disk) is TemporarilyUnavailable to the
    caller, and the next call starts afresh; a fault of ours stays the SQLAlchemy error it is.

    Make one for each process, after it was forked: connections do not survive a fork.
    """

    def __init__(self, dialect: str, backend: Backend, admission: Admission) -> None:
        self.dialect = dialect
        self.admission = admission
        self._backend = backend

    @classmethod
    def connect(
        cls, url: str, *, threads: int = 8, patience_seconds: float = 5.0, statement_seconds: float | None = None
    ) -> "Database":
        """Make the engines for a URL; PostgreSQL is first reached when first used.

        `threads` is how many requests the process serves at once; `patience_seconds` how long one use of the database
        may take, the wait for a lock or a connection included; `statement_seconds` how long PostgreSQL works on one
        statement, four fifths of that where nothing is said, so that what it gives up is undone and the caller told so.
        Raises ValueError for a URL of another kind, without repeating it, since it may hold a password.
        """
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):  # the latter may quote a password that was taken for a port
            raise ValueError("the database URL cannot be read") from None
        kind = parsed.get_backend_name()
        admission = Admission(threads, patience_seconds)
        if kind == "sqlite":
            if parsed.query:
                raise ValueError(f"a URL of SQLite has no options: {', '.join(sorted(parsed.query))}")
            return cls(kind, SqliteBackend(parsed, threads=threads, patience_seconds=patience_seconds), admission)
        if kind == "postgresql":
            from authserver.db.postgresql import PostgresqlBackend  # noqa: PLC0415 - its driver is 9 MB and 60 ms

            if statement_seconds is None:
                statement_seconds = patience_seconds * _STATEMENTS_PART
            backend = PostgresqlBackend(
                parsed, threads=threads, patience_seconds=patience_seconds, statement_seconds=statement_seconds
            )
            return cls(kind, backend, admission)
        raise ValueError("the database URL must begin with sqlite:// or postgresql+psycopg://")

    @contextmanager
    def transaction(self, *, patience_seconds: float | None = None) -> Iterator[Connection]:
        """Open a transaction: kept if the body ends well or refuses (OAuthError), undone if it raises anything else.

        A refusal is a normal outcome: an id claimed before it stays claimed, a family revoked on replay stays revoked.
        On leaving, all is durable, and only then does the refusal travel on. Never open one inside another.

        On SQLite the transactions of a process run one after another on one connection. What a request can say as one
        value is cheaper by `write`. `patience_seconds` is for work that may take long, such as a migration.
        """
        refusal: OAuthError | None = None
        followers: list[Callable[[], None]] = []
        with _Opened(self, self._backend.transaction, patience_seconds) as connection:
            info = connection.info
            info[_FOLLOWERS] = followers
            try:
                yield connection
            except OAuthError as error:
                refusal = error
            finally:
                del info[_FOLLOWERS]
        for follow in followers:
            follow()
        if refusal is not None:
            raise refusal

    def single(self) -> AbstractContextManager[Connection]:
        """Open a connection for work that is one writing statement, durable as soon as it returns.

        PostgreSQL needs one round trip for it instead of three; SQLite runs it as a transaction.
        """
        return _Opened(self, self._backend.single)

    def read(self, *, patience_seconds: float | None = None) -> AbstractContextManager[Connection]:
        """Open a connection for reading; each statement sees what is committed when it starts.

        No transaction stays open, so a reader never holds up a purge. SQLite refuses a write here.
        """
        return _Opened(self, self._backend.read, patience_seconds)

    def write(self, writes: Writes) -> bool:
        """Write what one request writes, all or nothing but for the ids, which stay claimed; durable on return.

        One round trip on PostgreSQL; on SQLite a commit shared with whoever writes at the same moment. Returns false
        where a row to move on was not as expected: then the ids were written and the moves before it, and no row was
        added. Raises the refusal of an id that was claimed before.

        Spec: RFC7523-3-7, RFC9449-11.1
        """
        leaves, deadline = self.admission.enter()
        try:
            return self._backend.write(writes, deadline)
        except SQLAlchemyError as error:
            refusal = self.refusal_for(error)
            if refusal is None:
                raise
            raise refusal from error
        finally:
            if leaves:
                self.admission.leave()

    def ping(self) -> bool:
        """Tell whether the database answers now."""
        return self.find_trouble() is None

    def find_trouble(self) -> str | None:
        """Return why the database does not answer now, for the operator and without a password; None if it does."""
        try:
            with self.read() as connection:
                self._backend.ping(connection)
        except TemporarilyUnavailable as error:
            return error.reason
        return None

    def can_write(self) -> bool:
        """Tell, within a second, whether the database answers and takes writes now."""
        try:
            leaves, deadline = self.admission.enter(_PROBE_SECONDS)
        except TemporarilyUnavailable:
            return False
        try:
            return self._backend.can_write(deadline)
        except SQLAlchemyError as error:
            if self.refusal_for(error) is None:
                raise
            return False
        except TemporarilyUnavailable:
            return False
        finally:
            if leaves:
                self.admission.leave()

    def dispose(self) -> None:
        """Close every connection; a later use opens new ones."""
        self._backend.dispose()

    def refusal_for(self, error: SQLAlchemyError) -> TemporarilyUnavailable | None:
        """Return the refusal for trouble that may pass."""
        trouble = self._backend.passing_trouble(error)
        if trouble is None:
            return None
        return TemporarilyUnavailable(
            "The server cannot answer at the moment. Try again.", reason=trouble, clause="RFC9110-15.6.4"
        )


def after_commit(connection: Connection, follow: Callable[[], None]) -> None:
    """Have something called as soon as the transaction of `Database.transaction` has committed, and only then.

    It must not raise. Raises KeyError outside such a transaction.
    """
    connection.info[_FOLLOWERS].append(follow)


class _Opened:
    """A backend's connection for the body of a `with`, whose passing trouble is TemporarilyUnavailable.

    A class, since two generators, one inside the other, cost each read 20 us.
    """

    __slots__ = ("_database", "_inner", "_leaves", "_open", "_patience_seconds")

    def __init__(
        self,
        database: Database,
        opens: Callable[[float], AbstractContextManager[Connection]],
        patience_seconds: float | None = None,
    ) -> None:
        self._database = database
        self._open = opens
        self._patience_seconds = patience_seconds

    def __enter__(self) -> Connection:
        self._leaves, deadline = self._database.admission.enter(self._patience_seconds)
        try:
            self._inner = self._open(deadline)
            return self._inner.__enter__()
        except BaseException as error:
            if self._leaves:
                self._database.admission.leave()
            if isinstance(error, SQLAlchemyError):
                self._refuse(error)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        try:
            suppressed = self._inner.__exit__(kind, error, trace)
        except SQLAlchemyError as trouble:
            self._refuse(trouble)
            raise
        finally:
            if self._leaves:
                self._database.admission.leave()
        if isinstance(error, SQLAlchemyError):
            self._refuse(error)
        return suppressed

    def _refuse(self, error: SQLAlchemyError) -> None:
        refusal = self._database.refusal_for(error)
        if refusal is not None:
            raise refusal from error
