"""Runs the bench: `make bench`, or `python bench/run.py --quick`; see bench/README.md."""

import sys
from pathlib import Path
from runpy import run_module

# The modules beside this file are `bench.*`, imported from the project's root as the type checker sees them.
sys.path[0] = str(Path(__file__).resolve().parents[1])

if __name__ == "__main__":
    run_module("bench.command", run_name="__main__", alter_sys=True)
