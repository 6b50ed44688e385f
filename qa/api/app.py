"""The application: `create_app()` reads the settings and gives an ASGI application, ready for uvicorn."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request

from qa.api import problems
from qa.api.bell import BackgroundDoorbell
from qa.api.context import Context
from qa.api.dependencies import admit, guard_cookie
from qa.api.derived import Maker
from qa.api.envelope import Envelope, RequestMetrics
from qa.api.guard import Guard, check_exposure
from qa.api.openapi import document
from qa.api.routes import (
    audio,
    bulk,
    coaching,
    custody,
    exports,
    health,
    people,
    privacy,
    progress,
    push,
    queue,
    recordings,
    results,
    reviews,
    session,
    tokens,
    uploads,
)
from qa.api.tus import PREFIX as UPLOADS
from qa.api.tus import TusProtocol
from qa.logging import configure
from qa.services import Services, open_services
from qa.services.doorbell import Doorbell
from qa.services.people.tokens import ensure_machine_token
from qa.settings import Settings
from workers.doorbell import CeleryDoorbell


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
    check_exposure(settings.server)
    registry = CollectorRegistry()
    metrics = RequestMetrics(registry)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        bell = doorbell or BackgroundDoorbell(CeleryDoorbell(settings))
        opened = services or open_services(settings, bell, migrate=True)
        app.state.context = Context(settings, opened, bell, registry)
        ensure_machine_token(settings.home)
        app.state.maker = Maker(app.state.context)
        collector = health.LedgerCollector(app.state.context)
        registry.register(collector)
        try:
            yield
        finally:
            registry.unregister(collector)
            if isinstance(bell, BackgroundDoorbell):
                await run_in_threadpool(bell.close)
            if services is None:
                opened.close()

    app = FastAPI(
        title="Tingjian",
        version=version("tingjian"),
        lifespan=lifespan,
        # The interactive pages load scripts from elsewhere, which many call centres cannot reach.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(Envelope, metrics=metrics, default_locale=settings.locale),
            Middleware(Guard, server=settings.server, upload_paths=(recordings.PREFIX, UPLOADS, f"{UPLOADS}/")),
            Middleware(TusProtocol),
        ],
        # Of every route, those of pages too: nothing is open by having been forgotten.
        dependencies=[Depends(admit), Depends(guard_cookie)],
    )
    app.state.settings = settings
    problems.install(app)
    calls = (recordings, bulk, progress, results, privacy, audio, uploads, reviews, queue, coaching)
    for module in (*calls, exports, custody, session, tokens, people, push, health):
        app.include_router(module.router)
    _serve_document(app)
    return app


def _serve_document(app: FastAPI) -> None:
    @app.get("/openapi.json", include_in_schema=False)
    def openapi(_request: Request) -> JSONResponse:
        return JSONResponse(document(app))

    app.openapi = lambda: document(app)  # type: ignore[method-assign]
