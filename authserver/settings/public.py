"""The settings of what everybody sees who meets the server: where it is, whose it is, how it looks."""

from pydantic import Field
from pydantic_settings import BaseSettings

from authserver.settings import kinds


class PublicSettings(BaseSettings):
    """What an operator can set of the server's addresses, name and looks."""

    issuer: kinds.Origin = Field(
        default="https://localhost:8443",
        description="The issuer identifier: the origin under which browsers and clients reach the server.",
    )
    mtls_origin: kinds.OptionalOrigin = Field(
        default="",
        description="Where client certificates are asked for (`mtls_endpoint_aliases`). Empty: at the issuer.",
    )
    site_name: kinds.Name = Field(default="Sign-in", description="The deployment's name, on every page.")
    logo_file: kinds.OptionalLogo = Field(
        default=None,
        description=(
            "The deployment's logo, shown on every page in place of the mark and the written name, 32 pixels high and "
            "on white in both themes; `SITE_NAME` is read out for it."
        ),
    )
    accent_colour: kinds.OptionalAccent = Field(
        default="",
        description=(
            "The colour of buttons and links. The dark theme has the same, mixed with as much white as it needs. "
            "Empty for the server's own."
        ),
    )
    accent_colour_dark: kinds.OptionalDarkAccent = Field(
        default="", description="That colour in the dark theme, where another is wanted."
    )
    help_url: kinds.HelpAddress = Field(default="", description="Where a person finds help; linked from every page.")
    apps_checked_by: str = Field(default="", description="Who checks all apps whose registration names nobody else.")
