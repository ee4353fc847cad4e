"""The people: their names and claims, their passwords and second factors, and the acts of proving them.

Stands beside `clients` and `sessions` and knows neither: a session keeps an account's id, and whoever reads a session
asks this package whether its account is still open. Rules (`model`, `passwords`, `totp`) are pure; `sign_in` and
`second_factor` are the acts that join them to the `store`.
"""
