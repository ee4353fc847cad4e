"""A deferred module is imported when something of it is asked for, and not before."""

import subprocess
import sys

_SCRIPT = """
import sys
from authserver.deferred import Deferred
module = Deferred("colorsys")
assert "colorsys" not in sys.modules
assert module.rgb_to_hsv(0.0, 0.0, 0.0) == (0.0, 0.0, 0.0)
assert "colorsys" in sys.modules
"""


def test_a_deferred_module_is_imported_at_its_first_use() -> None:
    subprocess.run([sys.executable, "-c", _SCRIPT], check=True)


def test_a_worker_that_has_served_nobody_holds_no_library_of_passkeys() -> None:
    script = "import sys, authserver.app.create; sys.exit(bool({'webauthn', 'OpenSSL', 'pyasn1'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", script], check=True)
