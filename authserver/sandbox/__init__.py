"""What `authserver demo` runs beside the server: a development authority, a sample bank API and a sample app.

Stands above everything but the command line, and nothing of the server imports it: the demo plays the outside. Whatever
plays a client (`third_party`, and `check` with a browser of its own) does so over HTTPS, with no code of the server.
"""
