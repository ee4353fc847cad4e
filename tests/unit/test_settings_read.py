"""Settings from the environment and the file: what is read as which value, and what stops the start in which words."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from authserver.settings.load import SettingsError, load_settings_from, parse_settings
from authserver.settings.model import FIELDS, Settings

_NUMBER = "a whole number from 1 to 256"
_ENGLISH_ONLY = {"invoices": {"en": "Your invoices"}}


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("workers", "3", 3),
        ("workers", " 3 ", 3),
        ("workers", 3, 3),
        ("workers", 3.0, 3),
        ("data_dir", "/srv", Path("/srv")),
        ("logo_file", "", None),
        ("trusted_proxies", "10.0.0.0/8, unix,", ("10.0.0.0/8", "unix")),
        ("trusted_proxies", ["unix"], ("unix",)),
        ("scope_acr", "accounts = phr", {"accounts": "phr"}),
        ("scope_acr", {"accounts": "phr"}, {"accounts": "phr"}),
        ("scope_acr", "", {}),
        ("scope_descriptions", '{"invoices": "Your invoices"}', _ENGLISH_ONLY),
        ("scope_descriptions", _ENGLISH_ONLY, _ENGLISH_ONLY),
        ("client_cert_header", "", ""),
        ("banking", "off", "off"),
    ],
)
def test_a_setting_is_read_as_its_type(name: str, given: object, value: object) -> None:
    assert getattr(parse_settings({name: given}), name) == value


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"workers": "many"}, f"WORKERS was 'many'; it may be: {_NUMBER}"),
        ({"workers": True}, f"WORKERS was True; it may be: {_NUMBER}"),
        ({"workers": 2.5}, f"WORKERS was 2.5; it may be: {_NUMBER}"),
        ({"workers": "9" * 5000}, f"WORKERS was '{'9' * 5000}'; it may be: {_NUMBER}"),
        ({"smtp_host": 5}, "SMTP_HOST was 5; it may be: text"),
        ({"data_dir": 5}, "DATA_DIR was 5; it may be: a path"),
        ({"banking": "x"}, "BANKING was 'x'; it may be: `on`, `off`"),
        ({"notices": ["file"]}, "NOTICES was ['file']; it may be: `file`, `console`, `smtp`, `none`"),
        (
            {"profiles": [1]},
            (
                "PROFILES was [1]; it may be: "
                "`fapi1_advanced` or `fapi2` or `fapi2_message_signing` or `oidc`, or several of them"
            ),
        ),
        ({"fetch_allow": "x"}, "FETCH_ALLOW was 'x'; it may be: `host:port` entries, separated by commas"),
        ({"valkey_url": "redis://:s3cret@x"}, "VALKEY_URL was a value that is not shown; it may be: "),
        ({"database_url": 5}, "DATABASE_URL was a value that is not shown; it may be: "),
        ({"scope_descriptions": "{"}, "SCOPE_DESCRIPTIONS was '{'; it may be: a table of scopes"),
        ({"scope_descriptions": {"a": 1}}, "SCOPE_DESCRIPTIONS was {'a': 1}; it may be: a table of scopes"),
        ({"scope_acr": {"a": 1}}, "SCOPE_ACR was {'a': 1}; it may be: `scope=acr` pairs"),
        ({"workers": 0, "issuer": "x"}, "ISSUER was 'x'; it may be: "),
        ({"tls_cert_file": "a.pem"}, "TLS_KEY_FILE was not set; it may be: the key of TLS_CERT_FILE in PEM"),
    ],
)
def test_what_cannot_be_stops_the_start_with_name_value_and_choices(given: Mapping[str, object], words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_settings(given)
    assert str(refused.value).startswith(words)


def test_the_environment_goes_before_the_file_whatever_the_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "authserver.toml"
    path.write_text("AUTHSERVER_WORKERS = 300\nthreads = 7\n", encoding="utf-8")
    monkeypatch.setenv("AUTHSERVER_workers", "3")
    settings = load_settings_from(path)
    assert (settings.workers, settings.threads) == (3, 7)


@pytest.mark.parametrize("name", FIELDS)
def test_every_default_is_a_value_that_the_setting_may_have(name: str) -> None:
    assert getattr(parse_settings({name: FIELDS[name].default}), name) == FIELDS[name].default


def test_secrets_stand_in_no_repr_of_the_settings() -> None:
    shown = repr(Settings(database_url="postgresql+psycopg://u:s3cret@h/d", valkey_url="valkey://:s3cret@h:1"))
    assert "s3cret" not in shown
    assert "issuer='https://localhost:8443'" in shown
