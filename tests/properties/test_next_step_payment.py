"""The browser's dispatcher before a payment: whatever else is known, no code is issued that was not approved here."""

from collections.abc import Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from authserver.accounts.factors.model import Factor
from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.accounts.factors.totp.factor import TOTP
from authserver.authorization.next_step import NextStep, Situation, ways
from authserver.protocol.assurance import satisfies
from authserver.protocol.errors import InteractionRequired, OAuthError
from authserver.sessions.acr import acr_for
from authserver.values import replace
from tests.properties.test_next_step import decide, situations
from tests.support.hypothesis_profiles import budget
from tests.support.payment_proofs import MANDATE, PAYMENT

_PAYMENTS = st.sampled_from([PAYMENT, MANDATE])


def _with_payment(situation: Situation, approval_id: str | None, payment: Mapping[str, object] = PAYMENT) -> Situation:
    request = replace(situation.request, authorization_details=(payment,))
    approved_by = situation.session.account_id if situation.session and approval_id else None
    interaction = replace(situation.interaction, request=request, approval_id=approval_id, approved_by=approved_by)
    return replace(situation, interaction=interaction)


@pytest.mark.spec("RTS-SCA-5.1")
@budget(250)
@given(situations(), _PAYMENTS)
def test_no_sign_in_and_no_consent_stands_for_the_approval_of_a_payment(
    situation: Situation, payment: Mapping[str, object]
) -> None:
    assert decide(_with_payment(situation, None, payment)) not in {NextStep.ISSUE, NextStep.CONSENT, TOTP, PASSKEY}


@pytest.mark.spec("RTS-SCA-5.1")
@budget(250)
@given(situations(), st.sampled_from([None, "approval"]))
def test_a_payment_is_shown_to_whom_it_can_be_approved_by_alone(situation: Situation, approval_id: str | None) -> None:
    paying = _with_payment(situation, approval_id)
    if decide(paying) is not NextStep.APPROVE:
        return
    assert approval_id is None
    session, acr = paying.session, paying.request.demand.acr
    assert session is not None
    reached = acr is None or satisfies(acr_for(session.factors), acr)
    assert reached or paying.enrolled.has(PASSKEY) or TOTP in ways(session, paying.enrolled, acr)


@pytest.mark.spec("RTS-SCA-5.1")
@budget(250)
@given(situations())
def test_an_approval_changes_nothing_but_that_it_was_given(situation: Situation) -> None:
    approved, plain = decide(_with_payment(situation, "approval")), decide(situation)
    assume(situation.interaction.consent_id is not None)  # else a standing consent would do without the payment
    assert type(approved) is type(plain)
    assert approved == plain or not isinstance(plain, NextStep | Factor)


@pytest.mark.spec("RTS-SCA-4.1", "RTS-SCA-5.1")
@budget(250)
@given(situations(), st.sampled_from([None, "someone else"]))
def test_an_approval_by_someone_else_leads_nowhere(situation: Situation, approved_by: str | None) -> None:
    approved = _with_payment(situation, "approval")
    outcome = decide(replace(approved, interaction=replace(approved.interaction, approved_by=approved_by)))
    assert outcome is NextStep.LOGIN or isinstance(outcome, OAuthError)


@pytest.mark.spec("OIDCC-3.1.2.6")
@budget(250)
@given(situations())
def test_nothing_is_approved_in_silence(situation: Situation) -> None:
    request = replace(situation.request, demand=replace(situation.request.demand, prompts=frozenset({"none"})))
    silent = replace(situation, interaction=replace(situation.interaction, request=request))
    paying = decide(_with_payment(silent, None))
    assert isinstance(paying, OAuthError)
    assert isinstance(paying, InteractionRequired) or decide(silent) is not NextStep.ISSUE
