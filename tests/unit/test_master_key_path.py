"""Where the master key is looked for."""

from pathlib import Path

import pytest

from authserver.settings.model import Settings


@pytest.mark.parametrize("folder", [None, ""])
def test_without_a_folder_of_credentials_no_path_but_our_own_counts(
    folder: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    if folder is not None:
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", folder)
    monkeypatch.setattr(Path, "is_file", lambda _path: True)  # whatever lies anywhere on the machine
    settings = Settings(issuer="https://localhost:8443", data_dir=tmp_path)
    assert settings.master_key_path == tmp_path / "master.key"


def test_a_credential_comes_before_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credential = tmp_path / "credentials" / "master.key"
    credential.parent.mkdir()
    credential.touch()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credential.parent))
    assert Settings(issuer="https://localhost:8443", data_dir=tmp_path).master_key_path == credential
