"""One check a file: each takes the parameters and the client, and raises or returns nothing."""
