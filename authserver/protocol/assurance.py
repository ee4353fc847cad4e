"""The ladder of assurance: which acr value is as high as another."""

from authserver.protocol.names import ACR_LADDER


def satisfies(acr: str | None, wanted: str) -> bool:
    """Return whether an assurance is as high as the wanted one; an unknown one never is.

    Spec: RFC9470-4, OIDCC-3.1.2.1
    """
    if acr not in ACR_LADDER or wanted not in ACR_LADDER:
        return False
    return ACR_LADDER.index(acr) >= ACR_LADDER.index(wanted)


def weakest_known(acr_values: tuple[str, ...]) -> str | None:
    """Return the weakest of the acr values this server knows: reaching it satisfies the request.

    Spec: OIDCC-3.1.2.1, RFC9470-4
    """
    known = [acr for acr in ACR_LADDER if acr in acr_values]
    return known[0] if known else None


def strongest(*acrs: str | None) -> str | None:
    """Return the strongest of several acr values, None where all are None."""
    known = [acr for acr in ACR_LADDER if acr in acrs]
    return known[-1] if known else None
