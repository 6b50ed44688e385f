"""The whole application: the API of `qa.api`, and the pages people work in."""

import os

from fastapi import FastAPI
from starlette.middleware import Middleware

from qa.api import app as api
from qa.logging import configure
from qa.services import Services
from qa.services.doorbell import Doorbell
from qa.settings import Settings
from qa.web import errors
from qa.web.assets import PREFIX, BuiltFiles
from qa.web.pages import (
    audit,
    bulk,
    calibration,
    call,
    coaching,
    custody,
    disputes,
    exports,
    home,
    people,
    preferences,
    queue,
    recordings,
    rules,
    settings_push,
    signin,
    upload,
)

PAGES = (
    audit,
    custody,
    home,
    upload,
    recordings,
    bulk,
    queue,
    call,
    coaching,
    disputes,
    calibration,
    rules,
    settings_push,
    people,
    preferences,
    signin,
    exports,
)
"""Every module of pages; each has a `router`."""


def create_app(
    settings: Settings | None = None, *, services: Services | None = None, doorbell: Doorbell | None = None
) -> FastAPI:
    """Build the application; `services` and `doorbell` are given by tests, otherwise made from `settings`.

    Raises `BadOptionError` for a token that could be guessed.
    """
    if settings is None:
        # Called by uvicorn as a factory: this process is the service's own, and so is its log.
        settings = Settings()
        configure(settings.home, os.environ.get("TINGJIAN_PROCESS", "api"))
    app = api.create_app(settings, services=services, doorbell=doorbell)
    app.state.settings = settings
    errors.install(app)
    app.user_middleware.append(Middleware(errors.PageErrors))
    for module in PAGES:
        app.include_router(module.router)
    app.mount(PREFIX, BuiltFiles(), name="static")
    return app
