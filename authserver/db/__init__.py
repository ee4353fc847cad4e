"""The database: the engine and its transactions, the whole schema, one-time claims and purging.

Knows SQLite and PostgreSQL so that no store has to. Each slice's `store` owns the statements on its own tables.
"""
