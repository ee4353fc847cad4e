"""One grant type a file: each supplies `redeem` alone, so none can skip what the endpoint does for all of them."""
