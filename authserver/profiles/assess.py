"""A deployment or a client against its profile: plain facts in, findings with their clause out."""

from collections.abc import Mapping

from authserver.profiles.model import Profile
from authserver.values import Value

ERROR = "error"
WARNING = "warning"


class Finding(Value, frozen=True):
    """One departure from a profile: how grave, which clause, what is so, what to do."""

    severity: str
    clause: str
    message: str
    mend: str


def assess_deployment(facts: Mapping[str, object], profile: Profile) -> list[Finding]:
    """Return where a deployment breaks a profile, judged by its lifetimes and its issuer.

    Spec: FAPI2-SP-FINAL-5.3.2.1-11, FAPI2-SP-FINAL-5.3.2.2-12, FAPI2-SP-FINAL-5.2.1
    """
    findings = [
        _too_long(facts, "code_lifetime", "code_lifetime_limit_seconds", profile),
        _too_long(facts, "par_lifetime", "pushed_request_lifetime_limit_seconds", profile),
    ]
    if not str(facts["issuer"]).startswith("https://"):
        findings.append(
            Finding(ERROR, "FAPI2-SP-FINAL-5.2.1", "The issuer is not an https URL.", "Set ISSUER to an https origin.")
        )
    return [finding for finding in findings if finding is not None]


def assess_client(facts: Mapping[str, object], profile: Profile) -> list[Finding]:
    """Return where a client departs from its profile or from what is wise under it.

    Spec: FAPI2-SP-FINAL-5.3.2.1-4, FAPI2-SP-FINAL-5.3.2.1-6, FAPI2-SP-FINAL-5.3.2.1-9, FAPI2-SP-FINAL-5.3.2.1-14
    """
    findings = []
    if facts["authentication_method"] not in profile.client_authentication_methods:
        clause = profile.clause("client_authentication_methods")
        findings.append(
            Finding(ERROR, clause, f"It authenticates by {facts['authentication_method']}.", "Use a permitted method.")
        )
    bound = facts["certificate_bound_access_tokens"] or facts["dpop_bound_access_tokens"]
    if profile.sender_constraint_required and not bound:
        findings.append(
            Finding(
                WARNING,
                profile.clause("sender_constraint_required"),
                "It names no way of binding its tokens; each request must bring one.",
                "Set tls_client_certificate_bound_access_tokens or dpop_bound_access_tokens.",
            )
        )
    if profile.sender_constraint_required and facts["refresh_rotation"] == "strict":
        findings.append(
            Finding(
                WARNING,
                "FAPI2-SP-FINAL-5.3.2.1-9",
                "Its refresh tokens rotate strictly: a lost answer ends its grant.",
                "Set refresh_rotation to confirm or never.",
            )
        )
    if not facts["scope"]:
        findings.append(
            Finding(WARNING, "FAPI2-SP-FINAL-5.3.2.1-14", "It has no scope: it can ask for nothing.", "Set scope.")
        )
    return findings


def _too_long(facts: Mapping[str, object], fact: str, field: str, profile: Profile) -> Finding | None:
    limit = int(getattr(profile, field))
    value = facts[fact]
    if not isinstance(value, int) or value <= limit:
        return None
    return Finding(
        ERROR,
        profile.clause(field),
        f"{fact.upper()} is {value} seconds; the profile {profile.name} permits {limit}.",
        f"Set {fact.upper()} to at most {limit}.",
    )
