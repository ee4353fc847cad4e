import pytest

from authserver.serving.granian_server import ProxiedServer, forget_request_names, serve_behind_proxy
from authserver.web.listen import parse_listen


def test_variables_that_read_as_part_of_a_request_are_forgotten() -> None:
    environment = {
        "HTTP_CLIENT_CERT": "x",
        "SSL_CLIENT_S_DN": "x",
        "REMOTE_USER": "x",
        "PATH": "x",
        "SSL_CERT_FILE": "x",
    }
    forget_request_names(environment)
    assert environment == {"PATH": "x", "SSL_CERT_FILE": "x"}


def test_an_address_that_others_reach_is_refused() -> None:
    with pytest.raises(ValueError, match="past the proxy"):
        serve_behind_proxy(ProxiedServer("module:application", parse_listen("192.0.2.1:8000")), {})
