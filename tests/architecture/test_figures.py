"""Figures in the documents are those of the code: each sentence here stands on its page with the value in force."""

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from authserver.accounts.lockout import BLOCK_SECONDS, MAX_FAILURES
from authserver.authorization.endpoints.authorize import INTERACTION_LIFETIME_SECONDS
from authserver.binding.dpop import FUTURE_TOLERANCE_SECONDS
from authserver.clients.registry import FRESH_SECONDS
from authserver.clients.shared_secrets import SECRET_OVERLAP_SECONDS
from authserver.db.purge import EXPIRIES, Retention
from authserver.events.store import KEPT_SECONDS
from authserver.keys import compact, remote
from authserver.limits import fallback, prefetched_quota, rates
from authserver.outbound import model as letters
from authserver.outbound import queue_worker
from authserver.protocol.details.names import MAX_NAME_LENGTH
from authserver.resource import introspected_tokens, signed_answers, store
from authserver.serving.tls import REQUEST_SECONDS
from authserver.settings.model import FIELDS
from authserver.web.machine.model import MAX_BODY_BYTES
from authserver.web.pages import i18n

ROOT = Path(__file__).resolve().parents[2]
_DAY = 86_400
_WORDS = {1: "a", 2: "two", 5: "five", 10: "ten", 12: "twelve", 15: "fifteen", 30: "thirty"}
_UNITS = (("year", 365 * _DAY), ("day", _DAY), ("hour", 3600), ("minute", 60), ("second", 1))


def said(seconds: float, *, unit: str = "", digits: bool = False) -> str:
    """Return a time as the pages write it: in the largest unit that divides it, or in `unit`."""
    name, size = next((name, size) for name, size in _UNITS if (name == unit if unit else seconds % size == 0))
    count = int(seconds // size)
    if count == 1:
        return f"an {name}" if name == "hour" else f"a {name}"
    return f"{count if digits else _WORDS.get(count, count)} {name}s"


def of(module: ModuleType, name: str) -> Any:  # noqa: ANN401 - a constant of any kind
    """Return a module's own constant, which nobody but this test and the module asks for."""
    return vars(module)[name]


def default(name: str) -> int:
    value = FIELDS[name].default
    assert isinstance(value, int)
    return value


CLAIMS = [
    ("clients.md", f"the one before stays good for {said(SECRET_OVERLAP_SECONDS)}"),
    ("clients.md", f"What is published there is kept for {said(of(remote, '_FRESH_SECONDS'))}"),
    ("clients.md", f"never twice within {said(of(remote, '_RETRY_SECONDS'))}"),
    ("clients.md", f"`ACCESS_TOKEN_LIFETIME` ({said(default('access_token_lifetime'))}) at most"),
    ("clients.md", f"a change holds on every node within {said(FRESH_SECONDS)}"),
    ("errors.md", f"its last good keys serve on for {said(of(remote, '_USABLE_SECONDS'))}"),
    ("errors.md", f"every {said(of(remote, '_LONGEST_RETRY_SECONDS'))} at last"),
    ("errors.md", f"after {said(of(letters, '_FIRST_DELAY_SECONDS'))}, then later each time, "),
    ("errors.md", f"{_WORDS[letters.MOST_ATTEMPTS]} times within about a day"),
    ("errors.md", f"its row stays for {said(of(queue_worker, '_KEPT_SECONDS'))}"),
    ("errors.md", f"letters go out more than {said(queue_worker.BEHIND_SECONDS)} after what they tell of"),
    ("errors.md", f"; at most every {said(of(queue_worker, '_SECONDS_BETWEEN_ALARMS'))}"),
    ("protect-an-api.md", f"{said(of(signed_answers, '_OLDEST_SECONDS'), digits=True)}, about this very token"),
    ("protect-an-api.md", f"takes {said(of(introspected_tokens, '_SECONDS'))} at most"),
    ("protect-an-api.md", f"forgets a token {said(of(store, '_KEPT_SECONDS'))} after it has expired"),
    ("resource-servers.md", f"An access token lasts {said(default('access_token_lifetime'))}"),
    ("authorization-details.md", f"hold at most {MAX_NAME_LENGTH} characters"),
    ("translating.md", f"remembers for {said(of(i18n, '_KEEP_SECONDS'))}"),
    ("deployment.md", f"asks Valkey again every {said(of(fallback, '_SECONDS_BETWEEN_ATTEMPTS'))}"),
    ("deployment.md", f"takes a hundredth at a time ({of(prefetched_quota, '_MOST')} at most)"),
    ("deployment.md", f"a request's body {MAX_BODY_BYTES // 1024} KiB"),
    ("deployment.md", f"an assertion or proof {of(compact, '_MAX_TOKEN') // 1024} KiB"),
    ("deployment.md", f"{said(REQUEST_SECONDS)} for a request to arrive"),
    ("deployment.md", f"a second apart is no matter, {_WORDS[FUTURE_TOLERANCE_SECONDS]} are"),
    ("scaling.md", f"after its {said(default('par_lifetime'), unit='second', digits=True)} |"),
    ("scaling.md", f"after its {said(INTERACTION_LIFETIME_SECONDS, digits=True)} |"),
    ("scaling.md", f"a day after {said(default('session_absolute'))} |"),
    ("scaling.md", f"after `GRANT_LIFETIME`, {said(default('grant_lifetime'))} |"),
    ("scaling.md", f"| after {said(KEPT_SECONDS)} |"),
    ("scaling.md", f"at least one in {of(prefetched_quota, '_MOST')}"),
    ("../SECURITY.md", f"start a block that grows to {said(BLOCK_SECONDS[-1])}"),
    ("../SECURITY.md", f"until it expires, {said(default('access_token_lifetime'))} at most by default"),
]


@pytest.mark.parametrize(("page", "sentence"), CLAIMS)
def test_a_page_gives_the_figure_of_the_code(page: str, sentence: str) -> None:
    text = " ".join((ROOT / "docs" / page).read_text(encoding="utf-8").split())
    assert sentence in text


def test_a_quarter_of_a_second_is_what_valkey_has() -> None:
    assert of(rates, "_VALKEY_SECONDS") == 0.25
    assert "within a quarter of a second" in (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
    assert MAX_FAILURES == 5


@pytest.mark.parametrize("expiry", EXPIRIES, ids=[expiry.table.name for expiry in EXPIRIES])
def test_how_long_a_row_stays_after_its_end_is_told_as_it_is(expiry: Retention) -> None:
    text = (ROOT / "docs/scaling.md").read_text(encoding="utf-8")
    name, grace = expiry.table.name, expiry.grace_seconds
    rows = re.findall(rf"^\| `{name}` \|.*\| ([^|]+) \|$", text, re.MULTILINE)
    assert all(f"{said(grace)} after" in row if grace else row.startswith("after ") for row in rows), rows
