import sqlite3
from pathlib import Path

import pytest
from flask import Blueprint, Flask

from authserver.events.model import Event
from authserver.limits.rates import Limits, address_key, build_limits, peer_address
from authserver.limits.storage import SqliteStorage
from authserver.protocol.errors import TooManyRequests

NOW = 1_700_000_040
TEXTS = {"token.address": "3/minute", "off": "", "sign_in.address": "2/minute", "two": "5/minute;6/hour"}


class _Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


class _House:
    """The pages' application with one guarded page, and what a test turns."""

    def __init__(self, path: Path) -> None:
        self.clock, self.events = _Clock(), list[Event]()
        self.app = Flask(__name__, static_folder=None)
        self.limits: Limits = build_limits(
            self.app, SqliteStorage(path, self.clock), TEXTS, b"k" * 32, self.events.append, self.clock
        )
        page = Blueprint("page", __name__)
        page.route("/page", methods=["GET", "POST"])(lambda: "shown")
        self.limits.count_posts(page, "sign_in.address", peer_address)
        self.app.register_blueprint(page)
        self.app.register_error_handler(TooManyRequests, lambda error: (str(error.retry_after), 429))


@pytest.fixture
def house(tmp_path: Path) -> _House:
    return _House(tmp_path / "limits.sqlite")


@pytest.mark.spec("RFC6585-4")
def test_a_caller_over_the_limit_is_told_when_to_come_again(house: _House) -> None:
    for _ in range(3):
        house.limits.hit("token.address", "192.0.2.1")
    house.limits.hit("token.address", "192.0.2.2")
    with pytest.raises(TooManyRequests) as refused:
        house.limits.hit("token.address", "192.0.2.1")
    house.clock.now += refused.value.retry_after
    house.limits.hit("token.address", "192.0.2.1")


def test_of_several_limits_each_holds(house: _House) -> None:
    for _ in range(5):
        house.limits.hit("two", "k")
    house.clock.now += 120
    house.limits.hit("two", "k")
    with pytest.raises(TooManyRequests):
        house.limits.hit("two", "k")


def test_a_caller_with_a_limit_of_its_own_is_held_to_that_one(house: _House) -> None:
    for _ in range(5):
        house.limits.machine.hit("token.address", "k", "5/minute")
    with pytest.raises(TooManyRequests):
        house.limits.machine.hit("token.address", "k", "5/minute")
    house.limits.machine.hit("token.address", "k", "6/minute")


def test_an_empty_text_sets_no_limit(house: _House) -> None:
    for _ in range(50):
        house.limits.hit("off", "192.0.2.1")


def test_a_limit_nobody_configured_is_a_fault_and_not_an_open_door(house: _House) -> None:
    with pytest.raises(KeyError):
        house.limits.hit("absent", "k")
    with pytest.raises(KeyError):
        house.limits.count_posts(Blueprint("other", __name__), "absent", peer_address)


def test_a_text_that_is_no_limit_stops_the_start(tmp_path: Path) -> None:
    clock = _Clock()
    storage = SqliteStorage(tmp_path / "limits.sqlite", clock)
    for text, words in (("many", "rate limit"), ("5/minute;0/hour", "at least one")):
        with pytest.raises(ValueError, match=words):
            build_limits(Flask(__name__, static_folder=None), storage, {"x": text}, b"k", lambda _: None, clock)


def test_pages_and_machines_count_in_one_file_under_hashes_alone(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    house = _House(path)
    house.limits.hit("token.address", "somebody@example.com")
    house.app.test_client().post("/page", environ_base={"REMOTE_ADDR": "192.0.2.77"})
    connection = sqlite3.connect(path)
    keys = [key for (key,) in connection.execute("SELECT key FROM counters")]
    connection.close()
    assert len(keys) == 2
    assert not any("example.com" in key or "192.0.2" in key for key in keys)


def test_nobody_in_particular_is_counted_too(house: _House) -> None:
    assert house.limits.machine.identity("token.address", "")
    for _ in range(3):
        house.limits.hit("token.address", "")
    with pytest.raises(TooManyRequests):
        house.limits.hit("token.address", "")


def test_a_page_counts_posts_by_address_and_lets_reading_be(house: _House) -> None:
    client = house.app.test_client()
    for _ in range(5):
        assert client.get("/page").status_code == 200
    assert [client.post("/page").status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("/page").status_code == 200
    assert client.post("/page", environ_base={"REMOTE_ADDR": "192.0.2.9"}).status_code == 200
    house.clock.now += int(client.post("/page").text)
    assert client.post("/page").status_code == 200


def test_a_pages_limit_that_was_set_past_the_guard_is_a_fault_and_not_an_open_door(house: _House) -> None:
    page = Blueprint("other", __name__)
    page.route("/other", methods=["POST"])(lambda: "shown")
    house.limits.limiter.limit("2/minute")(page)
    house.app.register_blueprint(page)
    assert house.app.test_client().post("/other").status_code == 500


def test_two_applications_on_one_file_share_a_pages_count(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    first, second = _House(path).app.test_client(), _House(path).app.test_client()
    assert [app.post("/page").status_code for app in (first, second, first)] == [200, 200, 429]


def test_while_the_storage_fails_this_process_counts_and_says_so_once(tmp_path: Path) -> None:
    path = tmp_path / "absent" / "limits.sqlite"
    house = _House(path)
    for _ in range(3):
        house.limits.hit("token.address", "k")
    with pytest.raises(TooManyRequests):
        house.limits.hit("token.address", "k")
    assert house.app.test_client().post("/page").status_code == 200
    assert [(event.name, event.detail["exception"]) for event in house.events] == [
        ("limits.storage_failed", "OperationalError")
    ]
    path.parent.mkdir()
    house.clock.now += 5
    house.limits.hit("token.address", "k")
    assert path.exists()
    assert len(house.events) == 1


def test_a_clock_that_is_set_back_does_not_keep_a_storage_that_works_at_rest(tmp_path: Path) -> None:
    path = tmp_path / "absent" / "limits.sqlite"
    house = _House(path)
    house.limits.hit("token.address", "k")
    path.parent.mkdir()
    house.clock.now -= 3600
    house.limits.hit("token.address", "k")
    assert path.exists()


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "20010db800010002/64"),
        ("2001:db8:1:2::", "20010db800010002/64"),
        ("fe80::1%eth0", "fe80000000000000/64"),
        ("unix socket", "unix socket"),
        ("", "nobody"),
    ],
)
def test_an_address_is_counted_as_one_subscriber(address: str, key: str) -> None:
    assert address_key(address) == key
