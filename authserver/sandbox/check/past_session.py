"""A person who signed in a while ago, so that no story has to wait until a sign-in is old.

The check is the server's operator: it begins the session in the server's database, from outside the server's process,
at a moment that has passed. Nothing in the server knows of it.
"""

from authserver.accounts.factors.password.factor import PASSWORD_METHOD
from authserver.accounts.factors.totp.factor import TOTP_METHOD
from authserver.accounts.store import people
from authserver.db.engine import Database
from authserver.sandbox.check.browser import FormBrowser
from authserver.sandbox.check.context import CheckContext, ScriptedPerson, StoryFailed
from authserver.sandbox.people import Person
from authserver.sessions import lifecycle
from authserver.sessions.model import Browser as SessionBrowser
from authserver.sessions.model import SessionLimits
from authserver.web.pages.cookies import SESSION_COOKIE


def signed_in_earlier(scene: CheckContext, person: Person, seconds: int) -> ScriptedPerson:
    """Return a person at a browser in which they gave their password and a code so many seconds ago."""
    at, limits, browser = scene.clock() - seconds, SessionLimits(), FormBrowser(scene.https, scene.places.issuer)
    database = Database.connect(scene.places.database_url, threads=1)
    try:
        with database.transaction() as connection:
            account = people.find_by_username(connection, person.username)
            if account is None:
                raise StoryFailed(f"an account of {person.username}")
            _, first = lifecycle.start(connection, account.account_id, PASSWORD_METHOD, limits, at, SessionBrowser())
            elevated = lifecycle.elevate(connection, first, TOTP_METHOD, limits, at)
    finally:
        database.dispose()
    if elevated is None:
        raise StoryFailed(f"a session of {person.username}")
    browser.keep(SESSION_COOKIE, elevated[1])
    return ScriptedPerson(person, browser, scene.clock)
