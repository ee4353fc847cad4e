"""The people: their names and claims, their passwords and second factors, and the acts of proving them.

Stands beside `clients` and `sessions` and knows neither: a session keeps an account's id, and whoever reads a session
asks this package whether its account is still open. What a person proves themselves by is in `factors`, one folder
each. Beside it `model` and `lockout` are pure rules; `sign_in`, `attempts` and `invitations` are acts that join rules
to the `store`.
"""
