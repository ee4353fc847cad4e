"""The rule for ports: what one process is given, no other is, and none comes again soon."""

import socket
import subprocess
import sys

from tests.support.servers import ROOT, free_port, free_ports_in_a_row

_ASK = "from tests.support.servers import free_port; print(*(free_port() for _ in range(60))); input()"


def test_processes_that_run_at_once_are_given_different_ports() -> None:
    asked = [
        subprocess.Popen(
            [sys.executable, "-c", _ASK], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    given = [free_port() for _ in range(60)]
    for process in asked:
        assert process.stdout is not None
        given.extend(map(int, process.stdout.readline().split()))
    for process in asked:
        process.communicate("\n", timeout=15)
    assert len(given) == len(set(given)) == 240
    assert max(given) < 32_768, "the kernel gives those above to anyone"


def test_a_port_on_which_something_listens_is_not_given() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        given = {free_port() for _ in range(400)}
        assert taken.getsockname()[1] not in given


def test_ports_in_a_row_are_not_given_again_one_by_one() -> None:
    first = free_ports_in_a_row(4)
    assert not {free_port() for _ in range(20)} & set(range(first, first + 4))
