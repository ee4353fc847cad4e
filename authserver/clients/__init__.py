"""Who may ask: clients and resource servers, their metadata and how they prove themselves.

Stands beside `accounts` and `sessions` and knows neither; keys and proofs of possession come from below.
"""
