"""Pages rendered from templates, with their security headers, as plain response values.

Machine endpoints that must show a page (an error before the redirect URI is trusted, a form_post answer) and the
pages' blueprints both render here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from authserver.assets import find_assets
from authserver.protocol.errors import OAuthError, SignInOver, TooManyRequests
from authserver.web.headers import new_nonce, page_headers
from authserver.web.machine import MachineResponse
from authserver.web.responses import Headers, html_no_store
from authserver.web.static import StaticFiles, read_static_files

_SECONDS_PER_DAY = 86400
_SECONDS_PER_HOUR = 3600
_SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Site:
    """What every page says of this deployment: its name, and where a person finds help."""

    name: str
    help_url: str = ""


@dataclass(frozen=True, slots=True)
class Pages:
    """Renders templates; one for the whole process."""

    environment: Environment
    static: StaticFiles

    def render(
        self,
        template: str,
        values: Mapping[str, object],
        *,
        status: int = 200,
        forms_stay: bool = True,
        headers: Headers = (),
    ) -> MachineResponse:
        """Return one page; `forms_stay` unless its forms may lead to an app in the end."""
        nonce = new_nonce()
        markup = self.environment.get_template(template).render({**values, "csp_nonce": nonce})
        return html_no_store(markup, status=status, headers=(*page_headers(nonce, forms_stay=forms_stay), *headers))

    def error(self, error: OAuthError, correlation_id: str) -> MachineResponse:
        """Return the error page for a refusal: plain words for the person, code and text for the app's developers."""
        values = {
            "code": error.code,
            "description": error.description,
            "status": error.status,
            "sign_in_is_over": isinstance(error, SignInOver),
            "retry_after": error.retry_after if isinstance(error, TooManyRequests) else 0,
            "reference": correlation_id,
        }
        headers = (("Retry-After", str(error.retry_after)),) if isinstance(error, TooManyRequests) else ()
        return self.render("error.html", values, status=error.status, headers=headers)


def load_pages(site: Site, folder: Path | None = None) -> Pages:
    """Read templates and static files and return the renderer.

    An undefined name in a template is an error, not an empty place on a page.
    """
    root = folder or find_assets("templates")
    static = read_static_files(root / "static")
    environment = Environment(
        loader=FileSystemLoader(root),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined] # added by the i18n extension
    environment.globals |= {"site": site, "static_url": static.urls.__getitem__, "lang": "en"}
    environment.filters |= {"long_date": long_date, "duration": duration, "initials": initials}
    return Pages(environment, static)


def long_date(seconds: int) -> str:
    """Return a day with its month in letters, such as `7 March 2027`."""
    day = datetime.fromtimestamp(seconds, UTC)
    return f"{day.day} {day:%B} {day.year}"


def duration(seconds: int) -> str:
    """Return a length of time in its largest fitting unit, rounded up, such as `2 minutes`."""
    for size, word in ((_SECONDS_PER_DAY, "day"), (_SECONDS_PER_HOUR, "hour"), (_SECONDS_PER_MINUTE, "minute")):
        if seconds >= size:
            return _counted(-(-seconds // size), word)
    return _counted(seconds, "second")


def initials(name: str) -> str:
    """Return up to two initials of a name, shown where other sites load a logo from elsewhere."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def _counted(amount: int, word: str) -> str:
    return f"{amount} {word}" if amount == 1 else f"{amount} {word}s"
