"""Proxies as one would set them up: on a loopback port without TLS, before a server on a Unix socket."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.programs import find_program
from tests.support.servers import accepts, running, wait_until

HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend people
    bind 127.0.0.1:{port}
    http-request set-header X-Forwarded-For %[src]
    default_backend servers
backend servers
    server one unix@{socket}
"""
CADDY = """
{{
    admin off
    auto_https off
}}
http://127.0.0.1:{port} {{
    reverse_proxy unix/{socket}
}}
"""
APACHE = """
ServerName localhost
ServerRoot {folder}
PidFile {folder}/apache.pid
Listen 127.0.0.1:{port}
ErrorLog {folder}/apache-error.log
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
RequestHeader set X-Forwarded-For "expr=%{{REMOTE_ADDR}}"
ProxyAddHeaders Off
ProxyPass / unix:{socket}|http://localhost/
"""
NGINX = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_pass http://unix:{socket};
        }}
    }}
}}
"""
APACHE_MODULES = Path("/usr/lib/apache2/modules")
CONFIGURATIONS = {
    "apache2": (APACHE, ("-D", "FOREGROUND", "-f")),
    "caddy": (CADDY, ("run", "--adapter", "caddyfile", "--config")),
    "haproxy": (HAPROXY, ("-db", "-f")),
    "nginx": (NGINX, ("-c",)),
}
"""By the name of the program: its configuration, and the words before the path of it."""


@contextmanager
def proxy(name: str, folder: Path, port: int, socket: Path) -> Iterator[None]:
    """Run a proxy on a port before a server on a Unix socket."""
    text, words = CONFIGURATIONS[name]
    path = folder / f"{name}.conf"
    # Started as root, nginx would drop to a user who cannot read this run's folder.
    user = "user root;" if os.geteuid() == 0 else ""
    path.write_text(text.format(port=port, socket=socket, folder=folder, modules=APACHE_MODULES, user=user))
    own = {"XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}  # where Caddy would leave what it was told
    with running([find_program(name) or name, *words, str(path)], folder / f"{name}.log", {**os.environ, **own}):
        wait_until(lambda: accepts(("127.0.0.1", port)), name)
        yield
