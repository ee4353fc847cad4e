"""Proxies as deploy/nginx/README.md sets them up: on a loopback port without TLS, before a server on a Unix socket."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.programs import find_program
from tests.support.servers import accepts, running, wait_until

HAPROXY = """
global
    tune.bufsize 98304
defaults
    mode http
    option http-buffer-request
    timeout http-request 10s
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
    servers {{
        timeouts {{
            read_header 10s
            read_body 10s
        }}
    }}
}}
http://:{port} {{
    bind 127.0.0.1
    request_body {{
        max_size 64KiB
    }}
    reverse_proxy unix/{socket} {{
        buffer_requests
    }}
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
LoadModule buffer_module {modules}/mod_buffer.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule reqtimeout_module {modules}/mod_reqtimeout.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
RequestReadTimeout header=10 body=10
LimitRequestBody 65536
<Location />
    SetInputFilter BUFFER
    BufferSize 65536
</Location>
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
    client_header_timeout 10s;
    client_body_timeout 10s;
    client_max_body_size 64k;
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
