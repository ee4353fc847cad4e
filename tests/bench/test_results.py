"""What the bench concludes from its runs, and how it writes it down."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.measure import Run
from bench.ratios import Spread, processor_ratios, ratios
from bench.report import Results, write_results
from bench.work import EVERY_WORK, MIXTURE

RUN = Run(
    kind="par",
    side="ours",
    store="PostgreSQL",
    jobs=100,
    requests=100,
    seconds=1.0,
    per_second=100.0,
    p50_ms=1.0,
    p99_ms=2.0,
    p999_ms=3.0,
    server_us=500.0,
    store_us=100.0,
    generator_us=50.0,
    server_busy=0.9,
    generator_busy=0.1,
    beside_busy=0.3,
    others_busy=0.0,
    rss_mb=80.0,
    errors=0,
)


def run(side: str, per_second: float, **changes: object) -> Run:
    return replace(RUN, side=side, per_second=per_second, **changes)  # type: ignore[arg-type]  # a test's changes


def test_each_run_is_compared_with_the_one_beside_it() -> None:
    """A machine that becomes slower slows both sides of a pair: medians of the sides would tell another story."""
    runs = [run("ours", 300), run("peer", 100), run("ours", 30), run("peer", 10), run("ours", 40), run("peer", 10)]
    assert ratios(runs) == {"par": Spread(median=3, min=3, max=4)}


def test_processor_time_is_compared_the_other_way_round() -> None:
    runs = [run("ours", 1, server_us=250.0), run("peer", 1, server_us=500.0)]
    assert processor_ratios(runs) == {"par": Spread(2, 2, 2)}


def test_other_stores_are_for_reference_and_have_no_ratio() -> None:
    runs = [run("ours", 300, store="SQLite"), run("peer", 100, store="memory"), run("ours", 1), run("peer", 2)]
    assert ratios(runs) == {"par": Spread(0.5, 0.5, 0.5)}


def test_what_only_one_side_can_do_has_no_ratio() -> None:
    assert ratios([run("peer", 100)]) == {}


def test_a_run_without_its_counterpart_is_no_pair() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        ratios([run("ours", 1), run("peer", 1), run("ours", 1)])


def test_the_summary_has_the_agreed_members(tmp_path: Path) -> None:
    results = Results(pairs=1, seconds=1.0, log_level="warning", starts=[0.5, 0.9, 0.7], two_workers=1.9)
    results.runs += [run("ours", 300), run("peer", 100, rss_mb=300.0)]
    write_results(tmp_path, results)
    summary = json.loads((tmp_path / "latest.json").read_text())
    assert list(summary) == ["commit", "date", "ratios", "two_workers", "rss_mb", "cold_start_s"]
    assert list(summary["ratios"]) == [work.kind for work in EVERY_WORK]
    assert summary["ratios"]["par"] == {"median": 3.0, "min": 3.0, "max": 3.0}
    assert summary["ratios"]["jwks"] is None
    assert (summary["two_workers"], summary["rss_mb"], summary["cold_start_s"]) == (1.9, 80.0, 0.7)


def test_the_table_and_the_chart_tell_the_same(tmp_path: Path) -> None:
    results = Results(pairs=1, seconds=1.0, log_level="warning")
    results.runs += [run("ours", 225), run("peer", 100)]
    write_results(tmp_path, results)
    assert "| PAR, private_key_jwt | **2.25** | 2.25 | 2.25 |" in (tmp_path / "latest.md").read_text()
    chart = ET.fromstring((tmp_path / "latest.svg").read_text())  # noqa: S314 - our own, just written
    texts = [element.text for element in chart.iter("{http://www.w3.org/2000/svg}text")]
    assert {"PAR, private_key_jwt", "2.25"} <= set(texts)


def test_the_mixture_is_whole() -> None:
    assert sum(MIXTURE.values()) == pytest.approx(1)
