"""An OAuth 2.0 and OpenID Connect authorization server for financial-grade APIs.

People meet `pages/` (Flask). Machines meet `endpoints/` (plain callables from a request value to a response value).
SQL lives in `store`. Everything else is plain rules on frozen values.
"""
