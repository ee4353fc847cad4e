"""The settings of what everybody sees who meets the server: where it is, whose it is, how it looks."""

from authserver.settings import kinds
from authserver.values import Value


class PublicSettings(Value, frozen=True, kw_only=True):
    """What an operator can set of the server's addresses, name and looks."""

    issuer: kinds.Origin = "https://localhost:8443"
    """The issuer identifier: the origin under which browsers and clients reach the server."""
    mtls_origin: kinds.OptionalOrigin = ""
    """The origin that requests client certificates (`mtls_endpoint_aliases`). Empty: the issuer."""
    site_name: kinds.Name = "Sign-in"
    """The deployment's name, on every page."""
    logo_file: kinds.OptionalLogo = None
    """The deployment's logo, shown on every page instead of the mark and the name, 32 pixels high and on white in both
    themes; screen readers say `SITE_NAME` instead."""
    accent_colour: kinds.OptionalAccent = ""
    """The colour of buttons and links. The dark theme uses the same, mixed with as much white as the contrast needs.
    Empty for the built-in colour."""
    accent_colour_dark: kinds.OptionalDarkAccent = ""
    """The colour of buttons and links in the dark theme, if it is to be a different one."""
    help_url: kinds.HelpAddress = ""
    """Where a person gets help; linked from every page."""
    apps_checked_by: str = ""
    """Who has checked the apps whose registration does not say who did."""
