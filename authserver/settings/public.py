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
        description="The origin that requests client certificates (`mtls_endpoint_aliases`). Empty: the issuer.",
    )
    site_name: kinds.Name = Field(default="Sign-in", description="The deployment's name, on every page.")
    logo_file: kinds.OptionalLogo = Field(
        default=None,
        description=(
            "The deployment's logo, shown on every page instead of the mark and the name, 32 pixels high and "
            "on white in both themes; screen readers say `SITE_NAME` instead."
        ),
    )
    accent_colour: kinds.OptionalAccent = Field(
        default="",
        description=(
            "The colour of buttons and links. The dark theme uses the same, mixed with as much white as the "
            "contrast needs. Empty for the built-in colour."
        ),
    )
    accent_colour_dark: kinds.OptionalDarkAccent = Field(
        default="", description="The colour of buttons and links in the dark theme, if it is to be a different one."
    )
    help_url: kinds.HelpAddress = Field(default="", description="Where a person gets help; linked from every page.")
    apps_checked_by: str = Field(
        default="", description="Who has checked the apps whose registration does not say who did."
    )
