"""Settings become parts, parts become routes, routes an application."""

from contextlib import suppress

from flask import Flask

from authserver.app.parts import Parts, build_parts
from authserver.app.routes import endpoint_middleware, machine_routes, metadata_document, page_blueprints
from authserver.clock import Clock, system_clock
from authserver.events.model import EventSink
from authserver.protocol.errors import TemporarilyUnavailable
from authserver.settings.load import load_settings
from authserver.settings.model import Settings
from authserver.web.machine.router import MachineRouter
from authserver.web.pages.flask_pages import PagesApp, install_pages
from authserver.web.request_log import configure_log, log_event


def create_app(settings: Settings, *, clock: Clock = system_clock, events: EventSink = log_event) -> Flask:
    """Return the application; its `wsgi_app` answers machine endpoints itself and the pages through Flask.

    Raises SettingsError where a part cannot be made of its settings, ValueError where the metadata is not in order.
    """
    app = PagesApp("authserver", static_folder=None, template_folder=None)
    parts = build_parts(settings, app, clock, events)
    app.extensions["authserver"] = parts  # for whoever must close the database with the application
    install_pages(app, parts.pages, clock)
    for blueprint in page_blueprints(parts):
        app.register_blueprint(blueprint)
    document = metadata_document(parts)
    with suppress(TemporarilyUnavailable, LookupError):  # no database or no key yet: /readyz tells, and each read tries
        document.read()
    app.wsgi_app = MachineRouter(machine_routes(parts, document), endpoint_middleware(parts), app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way of wrapping
    return app


def create_configured_app() -> Flask:
    """Return the application of the settings in the environment, logging as they say; a worker's entry."""
    settings = load_settings()
    configure_log(settings.log_level)
    app = create_app(settings)
    parts: Parts = app.extensions["authserver"]
    if parts.letters is not None:
        parts.letters.start()
    parts.logouts.start()
    return app
