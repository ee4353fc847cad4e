"""Pages rendered from templates, with their security headers, as plain response values.

Machine endpoints that must show a page (an error before the redirect URI is trusted, a form_post answer) and the
pages' blueprints both render here.
"""

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment

from authserver.assets import find_assets
from authserver.messages import ENGLISH
from authserver.protocol.errors import InvitationOver, OAuthError, SignInOver, TooManyRequests, UnreadableCookies
from authserver.protocol.origin import origin_of
from authserver.values import Assembly, Value, field
from authserver.web.headers import new_nonce, page_headers
from authserver.web.machine.model import MachineResponse
from authserver.web.machine.responses import Headers, html_no_store
from authserver.web.pages.brand import Brand
from authserver.web.pages.i18n import current_language, language_links
from authserver.web.pages.static import StaticFiles, read_static_files
from authserver.web.pages.templates import build_environment


class Site(Value, frozen=True):
    """What every page says of this deployment: its name, where a person finds help, and where their account.

    `apps_checked_by` is who checks the apps whose registration does not say it. `brand` is how it looks.
    """

    name: str
    help_url: str = ""
    account_url: str = ""
    apps_checked_by: str = ""
    brand: Brand = field(default_factory=Brand)


class Pages(Assembly, frozen=True):
    """Renders templates, in a person's own language if `speaks_others`, else in English; one for the whole process.

    `environment` answers with the templates of a language.
    """

    environment: Callable[[str], Environment]
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
        """Return one page; `forms_stay` unless its forms may lead to an app in the end.

        `frames` among the values are addresses that it loads in frames: the origins of these may be framed, no others.
        """
        nonce, language = new_nonce(), current_language() if self.speaks_others else ENGLISH
        links = language_links(language) if self.speaks_others else ()
        own = {"csp_nonce": nonce, "lang": language, "languages": links}
        markup = self.environment(language).get_template(template).render({**own, **values})
        framed = _origins_of(values.get("frames", ()))
        shared = (*page_headers(nonce, forms_stay=forms_stay, framed=framed), ("Content-Language", language))
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
            "invitation_is_over": isinstance(error, InvitationOver),
            "cookies_are_unreadable": isinstance(error, UnreadableCookies),
            "retry_after": error.retry_after if isinstance(error, TooManyRequests) else 0,
            "reference": correlation_id,
        }
        headers = (("Retry-After", str(error.retry_after)),) if isinstance(error, TooManyRequests) else ()
        return self.render("error.html", values, status=error.status, headers=headers)


def _origins_of(frames: object) -> frozenset[str]:
    addresses = frames if isinstance(frames, tuple) else ()
    return frozenset(origin for origin in map(origin_of, addresses) if origin is not None)


def load_pages(site: Site, folder: Path | None = None, *, speaks_others: bool = False) -> Pages:
    """Read the static files and return the renderer; a template is read when it is first shown."""
    root = folder or find_assets("templates")
    static = read_static_files(root / "static", site.brand)
    values = {"site": site, "static_url": static.urls.__getitem__}
    return Pages(cache(partial(build_environment, root, values)), static, speaks_others)
