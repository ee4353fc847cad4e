"""The scripted browser of the conformance templates, played against the real pages of a person with a password alone.

The suite itself is not here: this interprets its commands (`text`, `click`, `wait`) and its rules of matching, so that
a page that comes in between, or a button that is gone, is noticed without it.
"""

import json
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.deployment import ISSUER, PASSWORD, Deployment
from tests.support.person import Person
from tests.support.relying_party import RelyingParty, answer_of, register
from tests.support.servers import ROOT

PREFIX = "fapi2-security-profile-final-"
SUITE = "https://suite.example"
PLANS = sorted(path.parent for path in (ROOT / "conformance" / "plans").glob("*/config.json"))
plans = pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)


@dataclass
class ScriptedBrowser:
    """One browser of the suite: it visits addresses and carries out the first entry that still matches each."""

    person: Person
    entries: list[dict[str, Any]]
    carried_out: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.left = [entry.get("match-limit", 99) for entry in self.entries]

    def visit(self, url: str) -> str:
        """Open an address, carry out the tasks for it, and return where the browser ends."""
        page = self.person.open(url)
        number = next(
            number
            for number, entry in enumerate(self.entries)
            if self.left[number] and fnmatchcase(ISSUER + url, entry["match"])
        )
        self.left[number] -= 1
        for task in self.entries[number]["tasks"]:
            if not fnmatchcase(_address(page), task["match"]):
                assert task.get("optional"), f"{task['task']} at {_address(page)}"
                continue
            self.carried_out.append(task["task"])
            page = self._carry_out(page, task["commands"])
        return _address(page)

    def _carry_out(self, page: TestResponse, commands: list[list[Any]]) -> TestResponse:
        typed: dict[str, str] = {}
        for kind, by, name, *rest in commands:
            assert by == "id" or rest[-1] == "update-image-placeholder"
            if kind == "text":
                assert f'id="{name}"' in page.text
                typed[name] = rest[0]
            elif kind == "click":
                page = self.person.submit(page.request.full_path, page, **typed, **_button(page, name))
            else:
                assert name == "submission_complete" or f'id="{name}"' in page.text or rest[1] in page.text
        return page


def _address(page: TestResponse) -> str:
    return page.headers["Location"] if page.status_code == 303 else ISSUER + page.request.full_path


def _button(page: TestResponse, name: str) -> dict[str, str]:
    """Return what a button of the page sends."""
    tag = re.search(rf'<button id="{name}"[^>]*>', page.text)
    assert tag is not None, f"no button {name} at {page.request.path}"
    sent = re.search(r' name="(\w+)" value="(\w+)"', tag[0])
    return {sent[1]: sent[2]} if sent is not None else {}


def _filled(plan: Path) -> dict[str, Any]:
    values = {"ISSUER": ISSUER, "SUITE": SUITE, "PERSON": "dora", "PASSWORD": PASSWORD}
    text = (plan / "config.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(re.sub(r"\$\{(\w+)\}", lambda found: values.get(found[1], ""), text))
    return document


@pytest.fixture
def app(deployment: Deployment, plan: Path) -> RelyingParty:
    """The first client of a plan, and dora, who has a password and to whom nothing was offered yet."""
    deployment.add_person("dora", totp=False, offered=False)
    alias = _filled(plan)["alias"]
    return register(
        deployment,
        "suite",
        scope="openid email",
        redirect_uris=[f"{SUITE}/test/a/{alias}/callback"],
        client_name="Suite",
    )


def browser_of(app: RelyingParty, plan: Path, module: str = "") -> ScriptedBrowser:
    """Return a fresh browser with the script of a module, or the plan's own where it has none."""
    config = _filled(plan)
    script = config["override"].get(PREFIX + module, config)["browser"]
    return ScriptedBrowser(Person(app.deployment, "dora"), script)


def request_of(app: RelyingParty, plan: Path) -> str:
    """Push a request of the plan's and return the address to visit."""
    callback = f"{SUITE}/test/a/{_filled(plan)['alias']}/callback"
    return app.authorization_url(scope="openid email", redirect_uri=callback)


@plans
def test_the_first_sign_in_passes_the_offer_of_a_passkey(app: RelyingParty, plan: Path) -> None:
    browser = browser_of(app, plan)
    end = browser.visit(request_of(app, plan))
    assert "code" in answer_of(end)
    assert browser.carried_out == ["Sign in", "Passkey offer", "Consent", "Back at the app"]
    assert "code" in answer_of(browser_of(app, plan).visit(request_of(app, plan)))


@plans
def test_a_person_who_consented_before_rejects_at_sign_in(app: RelyingParty, plan: Path) -> None:
    browser_of(app, plan).visit(request_of(app, plan))
    for _ in range(2):
        end = browser_of(app, plan, "user-rejects-authentication").visit(request_of(app, plan))
        assert answer_of(end)["error"] == "access_denied"


@plans
def test_a_first_visit_only_looks(app: RelyingParty, plan: Path) -> None:
    browser = browser_of(app, plan, "par-ensure-reused-request-uri-prior-to-auth-completion-succeeds")
    url = request_of(app, plan)
    assert browser.visit(url).startswith(f"{ISSUER}/login?")
    assert browser.carried_out == ["Look and do nothing"]
    assert "code" in answer_of(browser.visit(url))


@plans
def test_a_spent_reference_ends_at_the_page_that_is_photographed(app: RelyingParty, plan: Path) -> None:
    browser = browser_of(app, plan, "par-attempt-reuse-request_uri")
    url = request_of(app, plan)
    assert "code" in answer_of(browser.visit(url))
    browser.carried_out.clear()
    assert browser.visit(url).startswith(f"{ISSUER}/authorize?")
    assert browser.carried_out == ["Error page"]
