"""The people of `--check`: like those of the demo and apart from them, whatever someone did as those before."""

from typing import Final

from authserver.sandbox import people
from authserver.values import replace

ALICE: Final = replace(people.ALICE, username="alice-of-check")
BOB: Final = replace(people.BOB, username="bob-of-check")
CAROL: Final = replace(people.CAROL, username="carol-of-check")
"""She gets a passkey in software."""

CHECK_PEOPLE: Final = (ALICE, BOB, CAROL)
