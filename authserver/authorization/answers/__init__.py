"""The answer to an authorization request: how it travels, what it says, and the one place that encodes it.

`model` has the ways there are, `parameters` what is said; `query`, `fragment` and `form_post` encode, each in a file of
its own and none knowing another; `send` picks by the response mode.
"""
