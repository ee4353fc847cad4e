"""Two workers against one, on a machine whose two cores the database and the generator need too.

Where control groups can be made, every worker gets the same share of a core of its own, and the rest of both cores is
the database's and the generator's: so what is compared is one such worker with two. Elsewhere one worker on one core is
compared with two that share both cores with everything else, which says little: it is the floor.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from statistics import median

from bench.cores import Cores, family
from bench.generator import BenchFailed
from bench.measure import Run, Target, measure, warm_up
from bench.processes import running
from bench.ratios import Spread, spread_of
from bench.scene import Scene
from bench.shares import can_share, everywhere, limited
from bench.work import Work

_SHARE = 0.4
_ONE, _TWO = 1, 2


def compare_workers(
    one: Scene, two: Scene, cores: Cores, work: Work, rounds: int, seconds: float
) -> tuple[Spread, Mapping[str, object]]:
    """Measure a server of one worker and one of two in turn; return the ratio, and the figures for a table."""
    both, runs = (cores.server, cores.others), list[tuple[Run, Run]]()
    with ExitStack() as open_servers:
        targets = []
        for scene, count in ((one, _ONE), (two, _TWO)):
            server = open_servers.enter_context(running(scene.command, frozenset(both))).process_id
            open_servers.enter_context(_placed(server, count, both))
            targets.append(Target(scene, server, cores))
        open_servers.enter_context(everywhere([_store_of(one)], both, cores.others))
        rates = [warm_up(target.scene, work, seconds / 2) for target in targets]
        for _ in range(rounds):
            first, second = (measure(target, work, seconds, rate) for target, rate in zip(targets, rates, strict=True))
            runs.append((first, second))
    spread = spread_of([second.per_second / first.per_second for first, second in runs])
    return spread, _figures(work, runs, spread)


def _figures(work: Work, runs: list[tuple[Run, Run]], spread: Spread) -> Mapping[str, object]:
    ones, twos = zip(*runs, strict=True)
    return {
        "work": work.title,
        "each worker has": f"{_SHARE:.0%} of a core" if can_share() else "what the database and the generator leave it",
        "one worker, per second": median(run.per_second for run in ones),
        "two workers, per second": median(run.per_second for run in twos),
        "ratio, median": spread.median,
        "ratio, least": spread.min,
        "ratio, greatest": spread.max,
        "one worker: cores busy in the server": median(run.server_busy for run in ones),
        "two workers: cores busy in the server": median(run.server_busy for run in twos),
        "one worker: server CPU µs": median(run.server_us for run in ones),
        "two workers: server CPU µs": median(run.server_us for run in twos),
    }


@contextmanager
def _placed(server: int, count: int, cores: tuple[int, int]) -> Iterator[None]:
    """Give each worker its core and its share of it."""
    workers = sorted(family(server) - {server})[-count:]
    if len(workers) != count:
        raise BenchFailed(f"{count} workers were asked for, {len(workers)} are there")
    if not can_share():
        yield
        return
    with limited(dict(zip(workers, cores[:count], strict=True)), _SHARE):
        yield


def _store_of(scene: Scene) -> int:
    if scene.store.process_id is None:
        raise BenchFailed("two workers are compared on a database that is a process of its own")
    return scene.store.process_id
