"""The pages of a person's own account."""

from flask import Blueprint

from authserver.accounts.factors.password.hashing import PasswordPool
from authserver.accounts.factors.password.strength_process import PasswordJudge
from authserver.app.parts import Parts
from authserver.interaction.pages.enrol import EnrolDeps, enrol_page
from authserver.interaction.step import StepDeps
from authserver.selfservice.account_page import AccountDeps
from authserver.selfservice.pages.activity import activity_page
from authserver.selfservice.pages.apps import apps_page
from authserver.selfservice.pages.authenticator_app import generator_page
from authserver.selfservice.pages.front import front_page
from authserver.selfservice.pages.invitation import InvitationDeps, invitation_page
from authserver.selfservice.pages.methods import methods_page
from authserver.selfservice.pages.overview import overview_page
from authserver.selfservice.pages.passkeys import PasskeysDeps, passkeys_page
from authserver.selfservice.pages.password import PasswordDeps, password_page
from authserver.selfservice.pages.recovery_codes import recovery_codes_page
from authserver.selfservice.pages.second_factor import second_factor_page
from authserver.selfservice.pages.sessions import sessions_page


def account_pages(parts: Parts, step: StepDeps, passwords: PasswordPool) -> tuple[Blueprint, ...]:
    """Return the pages at `/account`, and the one at `/` that leads there."""
    settings = parts.settings
    deps = AccountDeps(
        step=step,
        issuer=settings.issuer,
        site_name=settings.site_name,
        request_lifetime_seconds=settings.par_lifetime,
        first_factor_by_password=settings.first_factor_enrolment == "password",
        envelope=parts.envelope,
    )
    judge = PasswordJudge(max_waiting=max(0, settings.threads - 2))
    return (
        front_page(step),
        overview_page(deps),
        methods_page(deps),
        invitation_page(InvitationDeps(deps, passwords, judge, parts.passkeys)),
        second_factor_page(deps),
        enrol_page(
            EnrolDeps(
                step=step,
                ceremonies=parts.passkeys,
                site_name=settings.site_name,
                by_password=deps.first_factor_by_password,
                envelope=parts.envelope,
            )
        ),
        passkeys_page(PasskeysDeps(deps, parts.passkeys)),
        generator_page(deps),
        recovery_codes_page(deps),
        password_page(PasswordDeps(deps, passwords, judge)),
        sessions_page(deps),
        apps_page(deps, settings.scope_descriptions),
        activity_page(deps),
    )
