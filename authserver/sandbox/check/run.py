"""Running the stories: one after another, a tick for each step, all of them even where one fails."""

from collections.abc import Callable
from typing import Final

import urllib3

from authserver.clock import Clock
from authserver.sandbox.check import basics, connecting, lifecycle, paying, recurring, refusals, step_up
from authserver.sandbox.check.browser import FormBrowser
from authserver.sandbox.check.context import CheckContext, ScriptedPerson, Story, StoryFailed, expect_answer
from authserver.sandbox.check.people import ALICE, CAROL, CHECK_PEOPLE
from authserver.sandbox.deployment import Setup
from authserver.sandbox.layout import DemoLayout
from authserver.sandbox.third_party.client import discover
from authserver.sandbox.third_party.http import HttpsClient
from authserver.sandbox.third_party.proofs import NotGenuine
from authserver.sandbox.third_party.registered import open_penny_planner

CHECK_SETUP: Final = Setup(people=CHECK_PEOPLE, settings={"par_lifetime": 8}, returning=ALICE)
"""What `--check` has of its own: people, and pushed requests that grow too old while it runs."""

STORIES: Final[tuple[Story, ...]] = (
    basics.discovery,
    basics.client_credentials,
    basics.certificate_clients,
    connecting.whole_flow,
    connecting.userinfo,
    connecting.chosen_accounts,
    connecting.stolen_token,
    connecting.dpop,
    lifecycle.refresh,
    lifecycle.introspection,
    lifecycle.revocation,
    lifecycle.code_replay,
    refusals.saying_no,
    refusals.plain_login,
    refusals.too_weak,
    refusals.bad_requests,
    refusals.expired_request,
    step_up.too_old,
    step_up.by_passkey,
    paying.approved_by_code,
    paying.approved_by_passkey,
    paying.tampered,
    paying.refused,
    recurring.within_limits,
)

_EXPECTED = (StoryFailed, NotGenuine, LookupError, urllib3.exceptions.HTTPError)


def check_everything(places: DemoLayout, clock: Clock, say: Callable[[str], None]) -> bool:
    """Drive every story against the running demo, say how each step went, and return whether all did well."""
    try:
        scene = _open_scene(places, clock)
    except _EXPECTED as error:
        say(f"✗ the scene cannot be set: {error}. The servers' logs are in {places.logs}.")
        return False
    failed = [story.__name__ for story in STORIES if not drive(story, scene, say)]
    say(f"\n{len(STORIES) - len(failed)} of {len(STORIES)} stories went well.")
    if failed:
        say(f"Failed: {', '.join(failed)}. The servers' logs are in {places.logs}.")
    return not failed


def drive(story: Story, scene: CheckContext, say: Callable[[str], None]) -> bool:
    """Drive one story, say how each step went, and return whether it did well to its end."""
    try:
        for step in story(scene):
            say(f"✓ {step}")
    except _EXPECTED as error:
        say(
            f"✗ {story.__name__}: expected {error}"
            if isinstance(error, StoryFailed)
            else f"✗ {story.__name__}: {error!r}"
        )
        return False
    return True


def _open_scene(places: DemoLayout, clock: Clock) -> CheckContext:
    https = HttpsClient(places.authority)
    metadata = discover(https, places.issuer)
    penny = open_penny_planner(places, metadata, clock)
    pushed = expect_answer(penny.push(penny.begin("openid accounts")), 201)
    url = penny.authorization_url({"client_id": penny.client_id, "request_uri": pushed["request_uri"]})
    return CheckContext(
        places=places,
        clock=clock,
        https=https,
        metadata=metadata,
        jwks=https.send("GET", metadata["jwks_uri"]).json(),
        alice=ScriptedPerson(ALICE, FormBrowser(https, places.issuer), clock),
        carol=ScriptedPerson(CAROL, FormBrowser(https, places.issuer), clock),
        penny=penny,
        early_request=(url, clock() + int(pushed["expires_in"])),
    )
