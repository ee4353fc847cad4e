"""The browser's session: who signed in, with which factors, and how long that holds.

Keeps an account's id and nothing else of it. `acr` turns factors into the assurance that tokens state and that
requests ask for; `lifecycle` gives each authentication a new cookie value; `store` holds the rows, by the value's hash.
"""
