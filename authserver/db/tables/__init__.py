"""The whole schema, one module for the tables of each slice; `schema` has them all.

Times are whole seconds since 1970-01-01 UTC. Whatever a caller holds (a token, a code, a cookie) is stored as its
SHA-256; what must be shown again is sealed. Rows keep ids of neighbours, not foreign keys; each slice purges its own.

Text that came from outside is `Text`: its length is a rule of the edge that parses it, and the two databases would
disagree on a longer value (SQLite keeps it, PostgreSQL answers with an error). Lengths stand on our own words and ids.
"""
