"""To which layer a sampled stack belongs."""

import pytest

from bench.profiling import count_layers, layer_of, read_stacks

OUTER = "_runner (granian/wsgi.py:40)"


@pytest.mark.parametrize(
    ("stack", "layer"),
    [
        ((OUTER, "__call__ (authserver/tokens/endpoints/token.py:30)"), "authserver.tokens"),
        ((OUTER, "run (authserver/web/request_log.py:9)", "dumps (json/__init__.py:1)"), "json"),
        ((OUTER, "find (authserver/db/one_time_ids.py:9)", "wait (threading.py:324)"), "authserver.db"),
        ((OUTER, "execute (/x/lib/python3.11/site-packages/psycopg/cursor.py:97)"), "psycopg"),
        ((OUTER, "root (/srv/templates/interaction/consent.html:12)"), "templates"),
        ((OUTER,), "granian"),
        (("wait (threading.py:324)",), "Python's own library"),
        (("",), "Python's own library"),
    ],
)
def test_a_sample_belongs_to_the_innermost_known_place(stack: tuple[str, ...], layer: str) -> None:
    assert layer_of(stack) == layer


def test_samples_are_counted_by_layer_the_largest_first() -> None:
    lines = [
        "a (authserver/web/machine/forms.py:1) 2",
        "a (authserver/web/machine/forms.py:1);b (json/decoder.py:2) 5",
        "",
    ]
    assert list(count_layers(read_stacks(lines)).items()) == [("json", 5), ("authserver.web", 2)]
