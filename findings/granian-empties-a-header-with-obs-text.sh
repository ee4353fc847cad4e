#!/usr/bin/env bash
# granian 2.8.7 hands a WSGI application an EMPTY value for a request header that holds one octet beyond ASCII, and says
# nothing; gunicorn 23.0.0 hands on the octets as Latin-1, as PEP 3333 describes for environ values.
#
# Such octets are valid in a field value (obs-text, RFC 9110, 5.5), and cookies of other applications on the same host
# do hold them. So one foreign cookie makes every cookie of the request vanish under granian: the whole Cookie header
# counts as empty, not that one pair. An application that meets an empty Cookie header cannot tell it from none sent.
#
# Installs both from the package registry into a temporary folder, sends each server one request, prints what each
# application saw, and fails if that is no longer so. Seen 2026-12-01, CPython 3.11 on Linux.
set -euo pipefail
folder=$(mktemp -d); pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q granian==2.8.7 gunicorn==23.0.0
cat >"$folder/seen.py" <<'PY'
def application(environ, start_response):
    body = ascii(environ.get("HTTP_COOKIE", "absent")).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
PY
cat >"$folder/ask.py" <<'PY'
import socket, sys, time
for _ in range(100):
    try:
        peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5)
        break
    except OSError:
        time.sleep(0.1)
peer.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nCookie: name=caf\xe9; mine=1\r\nConnection: close\r\n\r\n")
answer = b""
while part := peer.recv(4096):
    answer += part
print(answer.partition(b"\r\n\r\n")[2].decode())
PY
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
cd "$folder"
first=$(port); second=$(port)
venv/bin/granian --interface wsgi --host 127.0.0.1 --port "$first" seen:application >granian.log 2>&1 & pids+=($!)
venv/bin/gunicorn -b "127.0.0.1:$second" seen:application >gunicorn.log 2>&1 & pids+=($!)
by_granian=$(venv/bin/python ask.py "$first"); by_gunicorn=$(venv/bin/python ask.py "$second")
echo "granian 2.8.7:   HTTP_COOKIE = $by_granian"
echo "gunicorn 23.0.0: HTTP_COOKIE = $by_gunicorn"
[ "$by_granian" = "''" ] && [ "$by_gunicorn" = "'name=caf\\xe9; mine=1'" ]
