"""The probe's application, which takes its time to load."""

import sys
import time

from tests.support.probe import LOADING, application

__all__ = ["application"]

sys.stderr.write(LOADING)
sys.stderr.flush()
time.sleep(3)
