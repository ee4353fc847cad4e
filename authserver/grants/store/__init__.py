"""The statements on grants, codes, tokens and consents: one module a table."""
