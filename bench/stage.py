"""Everything that has to run before anything is measured: the database, our server, the peer, each in its place."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from authserver.sandbox.authority import create_authority
from bench.cores import Cores, choose_cores, pin
from bench.measure import Target
from bench.peer import MEMORY, prepare_peer
from bench.plan import Plan
from bench.report import Results
from bench.scene import Scene, limits_path, new_clients, prepare_scene, remove_limits, served, served_as
from bench.stores import scratch_folder, sqlite_store, start_postgresql


@contextmanager
def beside(target: Target, workers: int, **settings: object) -> Iterator[Scene]:
    """Return our scene on a port of its own with so many workers; its store and registrations are the same."""
    port = free_port()
    limits = limits_path(target.scene).with_name(f"limits-{os.getpid()}-{port}.sqlite")
    scene = served_as(target.scene, port, workers=workers, limits_path=limits, **settings)
    try:
        yield scene
    finally:
        remove_limits(limits)


@contextmanager
def stage(log_level: str, plan: Plan, *, with_peer: bool, results: Results) -> Iterator[list[Target]]:
    """Start the servers; all of them wait while one is measured."""
    cores, now = choose_cores(), int(time.time())
    pin(cores.others)
    authority = create_authority("Bench clients", now)
    clients = new_clients(authority, now)
    with scratch_folder() as folder, ExitStack() as open_servers:
        postgresql = start_postgresql()
        scenes = [prepare_scene(postgresql, folder / "ours", clients, authority, free_port(), log_level=log_level)]
        results.starts = [_start_seconds(scenes[0], cores) for _ in range(plan.starts)]
        if with_peer:
            scenes.append(prepare_peer(postgresql, folder / "peer", clients, authority, free_port()))
        if plan.references:
            store = sqlite_store(folder)
            scenes.append(prepare_scene(store, folder / "sqlite", clients, authority, free_port(), log_level=log_level))
        if plan.references and with_peer:
            scenes.append(prepare_peer(MEMORY, folder / "memory", clients, authority, free_port()))
        yield [Target(scene, open_servers.enter_context(served(scene, cores)).process_id, cores) for scene in scenes]


def _start_seconds(scene: Scene, cores: Cores) -> float:
    with served(scene, cores) as server:
        return server.start_seconds


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
