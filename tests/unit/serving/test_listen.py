import socket
from pathlib import Path

import pytest

from authserver.serving.listen import check_free
from authserver.web.listen import ListenAddress, parse_listen


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


def test_a_port_that_another_server_would_share_is_not_free() -> None:
    with socket.socket() as first:
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        first.bind(("127.0.0.1", 0))
        first.listen()
        address = parse_listen(f"127.0.0.1:{first.getsockname()[1]}")
        with pytest.raises(ValueError, match=f"another server listens on {address} already"):
            check_free(address)
        with pytest.raises(ValueError, match="another server listens"):
            check_free(parse_listen(f":{address.port}"))
    check_free(address)
    check_free(None)


def test_a_socket_at_which_somebody_answers_is_not_free_and_one_left_behind_is(tmp_path: Path) -> None:
    path = tmp_path / "own.sock"
    address = parse_listen(f"unix:{path}")
    check_free(address)
    with socket.socket(socket.AF_UNIX) as first:
        first.bind(str(path))
        first.listen()
        with pytest.raises(ValueError, match="another server listens on unix:"):
            check_free(address)
    assert path.exists()
    check_free(address)
    assert not path.exists()


def test_a_server_that_is_stopped_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "own.sock"
    with socket.socket(socket.AF_UNIX) as stopped, socket.socket(socket.AF_UNIX) as waiting:
        stopped.bind(str(path))
        stopped.listen(0)
        waiting.connect(str(path))  # the queue is full now, and nobody accepts
        with pytest.raises(ValueError, match="another server listens on unix:"):
            check_free(parse_listen(f"unix:{path}"))


def test_what_can_be_no_socket_is_told_in_words(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("of somebody's")
    with pytest.raises(ValueError, match="is a file, and no socket"):
        check_free(parse_listen(f"unix:{file}"))
    with pytest.raises(ValueError, match="no folder in which"):
        check_free(parse_listen(f"unix:{tmp_path}/none/own.sock"))
    assert file.read_text() == "of somebody's"
