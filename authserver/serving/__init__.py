"""Putting the WSGI application on the network: gunicorn where we end TLS ourselves, granian behind a proxy.

Used by the command line alone, and knows nothing of the application but the name under which its workers load it. Apart
from `web`, because `web` speaks HTTP as values and this package owns sockets, processes and TLS.
"""
