"""A log that cannot be written costs its lines, and says how many; whoever logs is never held up or failed by it."""

import json
import os
import time
from io import FileIO
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from authserver.web.log_output import LogOutput


class _Disk(FileIO):
    """A file on a disk with so many octets of room."""

    room = 1_000_000

    def write(self, line: bytes) -> int:  # type: ignore[override]  # bytes is all that is written
        if not self.room:
            raise OSError(28, "No space left on device")
        taken = line[: self.room]
        self.room -= len(taken)
        return super().write(taken)


def test_lines_lost_to_a_full_disk_are_counted_and_none_is_written_twice(tmp_path: Path) -> None:
    with _Disk(tmp_path / "log", "w") as disk:
        output = LogOutput(cast("BinaryIO", disk))
        output.write(b'{"event":"first"}\n')
        disk.room = 5
        for _ in range(3):
            output.write(b'{"event":"lost"}\n')
        disk.room = 1_000_000
        output.write(b'{"event":"after"}\n')
        output.write(b'{"event":"last"}\n')
    lines = (tmp_path / "log").read_text().splitlines()
    told = json.loads(lines[2])
    assert [*lines[:2], *lines[3:]] == ['{"event":"first"}', '{"eve', '{"event":"after"}', '{"event":"last"}']
    assert (told["event"], told["level"], told["lines"]) == ("log.lines_lost", "warning", 3)


def test_a_pipe_that_nobody_empties_holds_up_the_first_line_alone_and_not_for_ever() -> None:
    reading, writing = os.pipe()
    line = b'{"event":"request"}'.ljust(199, b" ") + b"\n"
    with FileIO(writing, "w") as pipe:
        output = LogOutput(cast("BinaryIO", pipe), patience_milliseconds=200)
        began = time.monotonic()
        for _ in range(1000):
            output.write(line)
        assert time.monotonic() - began < 2
        kept = os.read(reading, 1_000_000)
        output.write(line)
        told, again = os.read(reading, 1_000_000).splitlines()
        assert json.loads(told)["lines"] == 1000 - kept.count(b"\n")
        assert again + b"\n" == line
        os.close(reading)
        output.write(line)  # whoever read is gone


@pytest.mark.parametrize("lines", [1, 20])
def test_a_file_without_a_descriptor_takes_every_line(lines: int) -> None:
    class Kept(list[bytes]):
        def write(self, line: bytes) -> int:
            self.append(line)
            return len(line)

    kept = Kept()
    output = LogOutput(cast("BinaryIO", kept))
    for _ in range(lines):
        output.write(b"{}\n")
    output.flush()
    assert kept == [b"{}\n"] * lines
