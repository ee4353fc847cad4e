"""An OAuth 2.0 and OpenID Connect authorization server for financial-grade APIs.

Endpoints (plain callables from a request value to a response value) and pages (Flask) meet the outside, stores hold
SQL, acts change things, and the rest is pure rules on frozen values.
"""
