"""`authserver demo` as a process on free ports: `python -m tests.support.demo_process FOLDER [--check]`."""

import sys
from pathlib import Path

from authserver.sandbox.demo import run_demo
from authserver.sandbox.layout import DemoPorts
from tests.support.servers import free_port


def free_ports() -> DemoPorts:
    """Answer four ports that nothing listens on just now."""
    return DemoPorts(free_port(), free_port(), free_port(), free_port())


def main(arguments: list[str]) -> int:
    """Run the demo as the command does, but for the ports."""
    ports = DemoPorts(*map(int, arguments[1].split(",")))
    return run_demo(Path(arguments[0]), check="--check" in arguments, ports=ports)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
