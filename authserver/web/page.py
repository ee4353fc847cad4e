"""Pages rendered from templates, with their security headers, as plain response values.

Machine endpoints that must show a page (an error before the redirect URI is trusted, a form_post answer) and the
pages' blueprints both render here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context

from authserver.assets import find_assets
from authserver.protocol.errors import OAuthError, SignInOver, TooManyRequests
from authserver.web.formats import duration, initials, long_date, long_time, money
from authserver.web.headers import new_nonce, page_headers
from authserver.web.i18n import ENGLISH, current_language, install_texts, language_links, speak, spoken
from authserver.web.machine import MachineResponse
from authserver.web.responses import Headers, html_no_store
from authserver.web.static import StaticFiles, read_static_files


@dataclass(frozen=True, slots=True)
class Site:
    """What every page says of this deployment: its name, where a person finds help, and where their account."""

    name: str
    help_url: str = ""
    account_url: str = ""


@dataclass(frozen=True, slots=True)
class Pages:
    """Renders templates, in a person's own language if `speaks_others`, else in English; one for the whole process."""

    environment: Environment
    static: StaticFiles
    speaks_others: bool = False

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
        nonce, language = new_nonce(), current_language() if self.speaks_others else ENGLISH
        speak(language)
        own = {"csp_nonce": nonce, "lang": language, "languages": language_links() if self.speaks_others else ()}
        markup = self.environment.get_template(template).render({**own, **values})
        shared = (*page_headers(nonce, forms_stay=forms_stay), ("Content-Language", language))
        return html_no_store(markup, status=status, headers=(*shared, *headers))

    def error(self, error: OAuthError, correlation_id: str) -> MachineResponse:
        """Return the error page for a refusal: plain words for the person, code and text for the app's developers.

        It offers no other language: that would repeat the address, and a refusal repeats nothing of what came in.
        """
        values = {
            "languages": (),
            "code": error.code,
            "description": error.description,
            "status": error.status,
            "sign_in_is_over": isinstance(error, SignInOver),
            "retry_after": error.retry_after if isinstance(error, TooManyRequests) else 0,
            "reference": correlation_id,
        }
        headers = (("Retry-After", str(error.retry_after)),) if isinstance(error, TooManyRequests) else ()
        return self.render("error.html", values, status=error.status, headers=headers)


def load_pages(site: Site, folder: Path | None = None, *, speaks_others: bool = False) -> Pages:
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
    install_texts(environment)
    environment.globals |= {"site": site, "static_url": static.urls.__getitem__}
    formats = {write.__name__: _in_page_language(write) for write in (long_date, long_time, duration, money)}
    environment.filters |= {**formats, "initials": initials}
    return Pages(environment, static, speaks_others)


def _in_page_language(write: Callable[..., str]) -> Callable[..., str]:
    """Return a filter that writes its values in the language of the page.

    It takes the context for the sake of the compiler alone, which works out other filters on constants beforehand.
    """

    @pass_context
    def filtered(_context: Context, *values: object) -> str:
        return write(*values, spoken())

    return filtered
