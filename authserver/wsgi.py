"""What a server's worker loads: the application, built in the worker itself, after any fork."""

from authserver.app.create import create_configured_app

application = create_configured_app()
