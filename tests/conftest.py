"""Plugins and fixtures that every kind of test may use."""

pytest_plugins = [
    "pytester",
    "tests.support.hypothesis_profiles",
    "tests.support.cheap_passwords",
    "tests.support.programs",
    "tests.support.database_fixtures",
    "tests.support.deployment_fixtures",
]
