"""The people: their names and claims, their passwords and second factors, and the acts of proving them.

Stands beside `clients` and `sessions` and knows neither: a session keeps an account's id, and whoever reads a session
asks this package whether its account is still open. Rules (`model`, `passwords`,
`password_policy`, `totp`, `passkeys`, `lockout`) are pure; `sign_in`, `second_factor`, `ceremonies`, `recovery` and
`attempts` are acts that join them to the `store`.
"""
