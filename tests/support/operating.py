"""Having an act of an operator done at a deployment under test."""

from typing import TypeVar

from authserver.app.operations import operation_parts
from authserver.events.model import operator
from authserver.operations.acts import Act
from authserver.operations.perform import perform
from tests.support.deployment import Deployment

OPERATOR = operator("olga")

_Outcome = TypeVar("_Outcome")


def operate(deployment: Deployment, act: Act[_Outcome], *, secret: str | None = None) -> _Outcome:
    """Have an act done now, while each node still keeps what it has in its caches."""
    parts = deployment.app.extensions["authserver"]
    means = operation_parts(parts.settings, deployment.database, lambda: parts.envelope, parts.journal)
    return perform(act, OPERATOR, deployment.now, means, secret=secret)
