"""A program that hashes passwords at an even pace and does nothing else: what sign-ins cost, without sign-ins.

`python -m bench.hashing PER_SECOND SECONDS`
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from authserver.accounts.factors.password.hashing import hash_password, verify_password
from bench.backstage import PERSON_PASSWORD

_THREADS = 4


def main(per_second: float, seconds: float) -> None:
    """Verify the one password so many times a second, for so many seconds."""
    known, started = hash_password(PERSON_PASSWORD, bytes(16)), time.monotonic()
    with ThreadPoolExecutor(_THREADS) as pool:
        for number in range(int(per_second * seconds)):
            time.sleep(max(0.0, started + number / per_second - time.monotonic()))
            pool.submit(verify_password, PERSON_PASSWORD, known)


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]))
