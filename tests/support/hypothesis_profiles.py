"""Hypothesis profiles: `ci` tries the same examples on every run, `deep` tries many more and new ones each time.

Chosen by HYPOTHESIS_PROFILE, `ci` without it. A pytest plugin, named in `tests/conftest.py`.
"""

import os

from hypothesis import HealthCheck, settings

_PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")
_TIMES_DEEPER = 25
# Every example of a shared fixture meets the same server on purpose, and a busy machine is no fault of a strategy.
_TOLERATED = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture)

settings.register_profile("ci", derandomize=True, deadline=None, database=None, suppress_health_check=_TOLERATED)
settings.register_profile(
    "deep",
    max_examples=100 * _TIMES_DEEPER,
    deadline=None,
    print_blob=True,
    suppress_health_check=_TOLERATED,
)
settings.load_profile(_PROFILE)


def budget(examples: int) -> settings:
    """Return settings with so many examples, and many times more in the `deep` profile."""
    return settings(max_examples=examples * (_TIMES_DEEPER if _PROFILE == "deep" else 1))
