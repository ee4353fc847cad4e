"""The browser's dispatcher: whatever a request asks and whoever sits there, it ends, and never too early."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.accounts.factors.model import Enrolled, Factor
from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.accounts.factors.password.factor import PASSWORD
from authserver.accounts.factors.recovery.factor import RECOVERY
from authserver.accounts.factors.store import NAMES
from authserver.accounts.factors.table import METHODS
from authserver.accounts.factors.totp.factor import TOTP
from authserver.authorization.answers.model import OwnPage, Redirect
from authserver.authorization.asked import AuthorizationRequest
from authserver.authorization.model import Interaction
from authserver.authorization.next_step import (
    NextStep,
    Situation,
    find_consent,
    needs_verified_user,
    next_step,
    ways,
)
from authserver.grants.model import Consent
from authserver.protocol.assurance import satisfies
from authserver.protocol.claims_request import ClaimsRequest
from authserver.protocol.demand import AuthenticationDemand
from authserver.protocol.errors import (
    AccessDenied,
    ConsentRequired,
    InteractionRequired,
    LoginRequired,
    OAuthError,
    UnmetAuthenticationRequirements,
)
from authserver.protocol.names import ACR_LADDER, ACR_ONE_FACTOR, ACR_PHISHING_RESISTANT, ACR_TWO_FACTORS
from authserver.sessions.acr import acr_for
from authserver.sessions.model import ProvedFactor, Session
from authserver.values import replace
from tests.support.hypothesis_profiles import budget

OPENED = 1_800_000_000
SCOPES = ("openid", "accounts")
PEOPLE = ("alice", "bob")
TO_APP = Redirect("https://app.example/callback", True, "code", "query")

_prompts = st.sampled_from([(), ("none",), ("login",), ("consent",), ("select_account",), ("login", "consent")])
demands = st.builds(
    AuthenticationDemand,
    prompts=_prompts.map(frozenset),
    max_age=st.none() | st.sampled_from([0, 1, 60, 3600]),
    acr=st.none() | st.sampled_from(ACR_LADDER),
    acr_essential=st.sampled_from([False, False, False, True]),
)
requests = st.builds(
    AuthorizationRequest,
    client_id=st.just("app"),
    scope=st.sampled_from([("openid",), SCOPES]),
    resources=st.sampled_from([(), ("https://bank.example/",)]),
    demand=demands,
    login_hint=st.none(),
    hinted_subject=st.none() | st.sampled_from(PEOPLE),
    ui_locales=st.just(()),
    claims=st.builds(ClaimsRequest, id_token=st.sampled_from([(), ("email",)]), acr_values=st.just(())),
)
moments = st.sampled_from([OPENED - 4000, OPENED - 61, OPENED - 60, OPENED - 1, OPENED, OPENED + 1, OPENED + 30])
factor_sets = st.lists(st.sampled_from(sorted(METHODS)), min_size=1, max_size=3, unique=True)
enrolments = st.builds(Enrolled, st.frozensets(st.sampled_from(NAMES)), st.booleans())


def make_session(account_id: str, factors: tuple[ProvedFactor, ...]) -> Session:
    """Return a session that rests on these factors."""
    first, last = min(factor.at for factor in factors), max(factor.at for factor in factors)
    return Session("sid", account_id, factors, first, last, last, OPENED + 30_000)


def make_consent(request: AuthorizationRequest, account_id: str, consent_id: str) -> Consent:
    """Return a consent to everything a request asks."""
    granted = (request.scope, request.single_claims(), request.resources)
    return Consent(consent_id, account_id, request.client_id, *granted, OPENED, OPENED + 30_000)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Any situation a browser can be in, honest or not."""
    request = draw(requests)
    session_hash = draw(st.sampled_from([b"old cookie", b"new cookie"]))
    interaction = Interaction(
        interaction_hash=b"i",
        request_uri_hash=b"r",
        client_id="app",
        request=request,
        delivery=TO_APP,
        opened_with_session=draw(st.none() | st.just(b"old cookie")),
        created_at=OPENED,
        expires_at=OPENED + 900,
        consent_id=draw(st.none() | st.sampled_from(["c1", "c2"])),
        refused_with=draw(st.sampled_from([None, None, None, "access_denied", UnmetAuthenticationRequirements.code])),
        completed_at=None,
    )
    if draw(st.booleans()):
        return Situation(interaction, None, None, (), Enrolled())
    factors = tuple(ProvedFactor(method, draw(moments)) for method in draw(factor_sets))
    session = make_session(draw(st.sampled_from(PEOPLE)), factors)
    narrow = replace(make_consent(request, session.account_id, "c2"), scope=("openid",), resources=())
    kept = draw(st.lists(st.sampled_from([make_consent(request, session.account_id, "c1"), narrow]), max_size=2))
    return Situation(interaction, session, session_hash, tuple(kept), draw(enrolments))


def decide(situation: Situation) -> NextStep | Factor | OAuthError:
    """Return the step, or the refusal."""
    try:
        return next_step(situation)
    except OAuthError as refusal:
        return refusal


@pytest.mark.spec("OIDCC-3.1.2.3", "OIDCC-3.1.2.4", "RFC9470-5", "RFC6749-3.1-1")
@budget(250)
@given(situations())
def test_a_code_is_issued_only_to_whom_the_request_asked_for_who_consented_and_signed_in_as_asked(
    situation: Situation,
) -> None:
    if decide(situation) is not NextStep.ISSUE:
        return
    request, demand, session = situation.request, situation.request.demand, situation.session
    assert session is not None
    assert situation.interaction.refused_with is None
    assert find_consent(situation) in situation.consents
    assert request.hinted_subject in {None, session.account_id}
    assert demand.acr is None or satisfies(acr_for(session.factors), demand.acr)
    assert not demand.acr_essential
    first_factor_at = min(factor.at for factor in session.factors)
    is_new = situation.session_hash != situation.interaction.opened_with_session and first_factor_at >= OPENED
    assert is_new or not demand.prompts & {"login", "select_account"}
    assert is_new or demand.max_age is None or OPENED - first_factor_at < demand.max_age
    assert situation.interaction.consent_id is not None or "consent" not in demand.prompts


@budget(250)
@given(situations(), st.booleans())
def test_a_page_of_ours_asks_for_no_consent_and_offers_no_passkey(situation: Situation, offers_passkeys: bool) -> None:  # noqa: FBT001 - drawn
    """Nothing of the person's goes to anyone, and what they may add stands on the page itself."""
    interaction = replace(situation.interaction, delivery=OwnPage("https://as.example/account"))
    asked = replace(situation, interaction=interaction, offers_passkeys=offers_passkeys)
    assert decide(asked) not in {NextStep.CONSENT, NextStep.OFFER}


@pytest.mark.spec("OIDCC-3.1.2.4")
@budget(250)
@given(situations(), st.booleans())
def test_nothing_follows_consent_but_the_answer(situation: Situation, offers_passkeys: bool) -> None:  # noqa: FBT001 - drawn
    """The consent page answers the app by itself."""
    asked = replace(situation, interaction=replace(situation.interaction, consent_id=None))
    asked = replace(asked, consents=(), offers_passkeys=offers_passkeys)
    if decide(asked) is not NextStep.CONSENT or asked.session is None:
        return
    given_now = make_consent(asked.request, asked.session.account_id, "c1")
    agreed = replace(asked, interaction=replace(asked.interaction, consent_id="c1"), consents=(given_now,))
    assert decide(agreed) is NextStep.ISSUE


@pytest.mark.spec("OIDCC-3.1.2.1", "OIDCC-3.1.2.6")
@budget(150)
@given(situations())
def test_prompt_none_never_leads_to_a_page_and_its_refusal_names_the_page_that_was_needed(situation: Situation) -> None:
    demand = replace(situation.request.demand, prompts=frozenset({"none"}))
    request = replace(situation.request, demand=demand)
    silent = decide(replace(situation, interaction=replace(situation.interaction, request=request)))
    asking = replace(request, demand=replace(demand, prompts=frozenset()))
    aloud = decide(replace(situation, interaction=replace(situation.interaction, request=asking)))
    refusals: dict[NextStep | Factor, type[OAuthError]] = {
        NextStep.LOGIN: LoginRequired,
        NextStep.CONSENT: ConsentRequired,
    }
    if isinstance(aloud, NextStep | Factor) and aloud is not NextStep.ISSUE:
        assert isinstance(silent, refusals.get(aloud, InteractionRequired))
    else:
        assert type(silent) is type(aloud)
        assert silent is NextStep.ISSUE or isinstance(silent, OAuthError)


@pytest.mark.spec("RFC6749-4.1.2.1-2")
@given(situations(), st.sampled_from(["access_denied", UnmetAuthenticationRequirements.code, "anything else"]))
def test_what_a_page_refused_stays_refused(situation: Situation, code: str) -> None:
    refused = decide(replace(situation, interaction=replace(situation.interaction, refused_with=code)))
    assert isinstance(refused, AccessDenied | UnmetAuthenticationRequirements)


@dataclass
class SimulatedPerson:
    """Does each step that is asked for, as honestly as the pages would have it; `slow` is how long each takes.

    `verifies`: the passkey verifies its user even where the page did not insist.
    """

    account_id: str
    enrolled: Enrolled
    slow: int
    verifies: bool = False
    now: int = OPENED
    cookies: int = 0

    def act(self, step: NextStep | Factor, situation: Situation) -> Situation:
        """Return the situation after the person did the step."""
        self.now += self.slow
        if step is NextStep.CONSENT:
            return self._consent(situation)
        if step is NextStep.LOGIN:
            method = "pwd" if self.enrolled.has(PASSWORD) else "swk+uv"
            return self._sign_in(situation, self.account_id, (ProvedFactor(method, self.now),))
        held = situation.session
        assert held is not None, "a second factor was asked of nobody"
        if step is NextStep.ENROL:
            unmet = UnmetAuthenticationRequirements.code
            return replace(situation, interaction=replace(situation.interaction, refused_with=unmet))
        method = self._method(step, situation)
        kept = tuple(factor for factor in held.factors if factor.method != method)
        return self._sign_in(situation, held.account_id, (*kept, ProvedFactor(method, self.now)))

    def _method(self, step: NextStep | Factor, situation: Situation) -> str:
        """Return what the person adds, and hold that they have it."""
        enrolled, session = situation.enrolled, situation.session
        assert isinstance(step, Factor)
        assert enrolled.has(step), f"{step} was asked of someone without"
        assert session is not None
        if step is PASSKEY:
            verified = self.verifies or needs_verified_user(session, situation.request.demand.acr)
            return "hwk+uv" if verified else "hwk"
        return "otp" if step is TOTP else "recovery"

    def _sign_in(self, situation: Situation, account_id: str, factors: tuple[ProvedFactor, ...]) -> Situation:
        self.cookies += 1
        session = make_session(account_id, factors)
        standing = tuple(consent for consent in situation.consents if consent.account_id == account_id)
        enrolled = self.enrolled if account_id == self.account_id else situation.enrolled
        cookie = b"cookie %d" % self.cookies
        return replace(situation, session=session, session_hash=cookie, consents=standing, enrolled=enrolled)

    def _consent(self, situation: Situation) -> Situation:
        assert situation.session is not None, "consent was asked of nobody"
        given_now = make_consent(situation.request, situation.session.account_id, "given")
        interaction = replace(situation.interaction, consent_id="given")
        return replace(situation, interaction=interaction, consents=(given_now, *situation.consents))


people = st.builds(
    SimulatedPerson,
    st.sampled_from(PEOPLE),
    enrolments.filter(lambda enrolled: enrolled.has(PASSWORD) or enrolled.has(PASSKEY)),
    st.sampled_from([0, 1, 300]),
    st.booleans(),
)


@pytest.mark.spec("OIDCC-3.1.2.3", "OIDCC-3.1.2.4")
@budget(250)
@given(situations(), people)
def test_a_person_who_does_what_is_asked_reaches_an_answer_after_at_most_three_pages(
    situation: Situation, person: SimulatedPerson
) -> None:
    asked: list[NextStep | Factor] = []
    # A consent noted in the interaction is one that was given in it.
    noted = situation.interaction.consent_id in {consent.consent_id for consent in situation.consents}
    if not noted:
        situation = replace(situation, interaction=replace(situation.interaction, consent_id=None))
    outcome = decide(situation)
    while isinstance(outcome, NextStep | Factor) and outcome is not NextStep.ISSUE:
        asked.append(outcome)
        assert len(asked) <= 3, asked
        situation = person.act(outcome, situation)
        outcome = decide(situation)
    assert len(asked) == len(set(asked)), "no page is shown twice to someone who does as asked"


def asking_for(situation: Situation, acr: str, methods: list[str], enrolled: Enrolled) -> Situation:
    """Return a situation where these methods stand behind a session, and this is asked."""
    request = replace(situation.request, demand=AuthenticationDemand(acr=acr), hinted_subject=None)
    interaction = replace(situation.interaction, request=request, refused_with=None, consent_id=None)
    session = make_session("alice", tuple(ProvedFactor(method, OPENED - 1) for method in methods))
    return Situation(interaction, session, b"old cookie", (), enrolled)


@pytest.mark.spec("RTS-SCA-4.1", "RFC9470-5")
@given(situations(), st.lists(st.sampled_from(["otp", "hwk", "swk", "recovery"]), min_size=1, unique=True))
def test_whoever_came_with_possessions_alone_is_asked_for_the_password_where_no_passkey_verifies_them(
    situation: Situation, methods: list[str]
) -> None:
    enrolled = Enrolled(frozenset({"password", "totp", "recovery"}))
    weak = asking_for(situation, ACR_TWO_FACTORS, methods, enrolled)
    assert decide(weak) is NextStep.LOGIN
    assert decide(SimulatedPerson("alice", enrolled, 1).act(NextStep.LOGIN, weak)) is TOTP
    stronger = replace(weak, enrolled=Enrolled(enrolled.names | {"passkey"}))
    assert decide(stronger) is PASSKEY
    assert stronger.session is not None
    assert needs_verified_user(stronger.session, ACR_TWO_FACTORS)


def _label(value: object) -> str:
    """Return a name that is the same in every process: tests are shared out among several by their names."""
    if isinstance(value, Enrolled):
        return "+".join([*sorted(value.names), *(["closed"] if value.closed_passkey else [])])
    return str(getattr(value, "name", getattr(value, "__name__", value)))


@pytest.mark.spec("RFC9470-5", "RTS-SCA-9.1")
@pytest.mark.parametrize(
    ("enrolled", "two_factors", "phishing_resistant"),
    [
        (Enrolled(frozenset({"password"})), NextStep.ENROL, NextStep.ENROL),
        (Enrolled(frozenset({"password", "totp"})), TOTP, UnmetAuthenticationRequirements),
        (Enrolled(frozenset({"password", "recovery"})), RECOVERY, UnmetAuthenticationRequirements),
        (Enrolled(frozenset({"password", "passkey"})), PASSKEY, PASSKEY),
        (Enrolled(frozenset({"password", "totp", "passkey", "recovery"})), PASSKEY, PASSKEY),
        (Enrolled(frozenset({"password", "totp"}), closed_passkey=True), TOTP, UnmetAuthenticationRequirements),
        (Enrolled(frozenset({"password"}), closed_passkey=True), *[UnmetAuthenticationRequirements] * 2),
    ],
    ids=_label,
)
@given(situation=situations())
def test_after_a_password_only_what_is_missing_is_asked_and_nobody_is_let_through_by_less(
    situation: Situation, enrolled: Enrolled, two_factors: object, phishing_resistant: object
) -> None:
    for acr, expected in ((ACR_TWO_FACTORS, two_factors), (ACR_PHISHING_RESISTANT, phishing_resistant)):
        outcome = decide(asking_for(situation, acr, ["pwd"], enrolled))
        assert expected in {outcome, type(outcome)}
    assert decide(asking_for(situation, ACR_ONE_FACTOR, ["pwd"], enrolled)) is NextStep.CONSENT


@pytest.mark.spec("RFC9470-5")
@given(situations(), factor_sets, enrolments, st.sampled_from(ACR_LADDER))
def test_another_way_is_one_that_the_person_has_and_that_reaches_what_is_asked(
    situation: Situation, methods: list[str], enrolled: Enrolled, acr: str
) -> None:
    session = asking_for(situation, acr, methods, enrolled).session
    assert session is not None
    for way in ways(session, enrolled, acr):
        assert enrolled.has(way)
        added = ProvedFactor(list(way.methods)[-1], OPENED)
        assert satisfies(acr_for((*session.factors, added)), acr)
    assert not ways(session, enrolled, None)


@pytest.mark.spec("OIDCC-3.1.2.3")
@given(situations(), people)
def test_an_honest_first_visit_ends_in_a_code_unless_the_request_cannot_be_met(
    situation: Situation, person: SimulatedPerson
) -> None:
    fresh = replace(situation.interaction, refused_with=None, consent_id=None)
    situation = Situation(fresh, None, None, (), Enrolled())
    demand, hinted = situation.request.demand, situation.request.hinted_subject
    outcome = decide(situation)
    while isinstance(outcome, NextStep | Factor) and outcome is not NextStep.ISSUE:
        situation = person.act(outcome, situation)
        outcome = decide(situation)
    has_code = person.enrolled.has(TOTP) or person.enrolled.has(RECOVERY)
    reachable = ACR_TWO_FACTORS if has_code else ACR_ONE_FACTOR
    if person.enrolled.has(PASSKEY):
        reachable = ACR_PHISHING_RESISTANT
    can_be_met = not demand.acr_essential and (demand.acr is None or satisfies(reachable, demand.acr))
    is_whom_they_asked_for = hinted in {None, person.account_id}
    expected = can_be_met and is_whom_they_asked_for and "none" not in demand.prompts
    assert (outcome is NextStep.ISSUE) == expected
