import pytest

from authserver.serving.listen import ListenAddress, parse_listen


@pytest.mark.parametrize(
    ("text", "address", "written", "local"),
    [
        ("unix:/run/a.sock", ListenAddress(unix_path="/run/a.sock"), "unix:/run/a.sock", True),
        ("127.0.0.1:8443", ListenAddress("127.0.0.1", 8443), "127.0.0.1:8443", True),
        ("[::1]:8443", ListenAddress("::1", 8443), "[::1]:8443", True),
        ("192.0.2.1:1", ListenAddress("192.0.2.1", 1), "192.0.2.1:1", False),
        (":8443", ListenAddress("0.0.0.0", 8443), "0.0.0.0:8443", False),  # noqa: S104 - what `:port` means
        ("[::]:8443", ListenAddress("::", 8443), "[::]:8443", False),
    ],
)
def test_an_address_is_read_and_written(text: str, address: ListenAddress, written: str, *, local: bool) -> None:
    assert parse_listen(text) == address
    assert str(address) == written
    assert address.is_local is local


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8443",
        "localhost:8443",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "::1:8443",
        "unix:a",
        "[::1]",
        "a:٣",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_listen(text)
