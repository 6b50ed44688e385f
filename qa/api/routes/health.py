"""Is it alive, can it work, what is it doing: for supervisors, balancers and Prometheus."""

from collections.abc import Iterable
from importlib.metadata import version

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from qa.api.context import Context, ContextDep, LocaleDep
from qa.api.dependencies import require
from qa.api.problems import responses
from qa.api.schemas import HealthOut, ReadyOut
from qa.core.errors import TingjianError
from qa.core.people import Right
from qa.i18n import render, text
from qa.services.doorbell import Queue

router = APIRouter(tags=["service"])


@router.get("/healthz", summary="The process answers", responses=responses())
def healthz() -> HealthOut:
    """Says nothing of database or broker: restarting this process would not mend those."""
    return HealthOut(status="ok", version=version("tingjian"))


@router.get(
    "/readyz",
    summary="The service can take work",
    responses={
        **responses(),
        503: {"model": ReadyOut, "description": "Something is missing; `checks` says what."},
    },
)
def readyz(response: Response, context: ContextDep, locale: LocaleDep) -> ReadyOut:
    """Database reachable, broker reachable, room on the disk."""
    checks = {
        "database": _database(context, locale),
        "broker": "ok" if _broker_answers(context) else text("api.no_broker", locale),
        "disk": _disk(context, locale),
    }
    ready = all(said == "ok" for said in checks.values())
    if not ready:
        response.status_code = 503
    return ReadyOut(ready=ready, checks=checks)


def _database(context: Context, locale: str) -> str:
    try:
        context.services.database.ping()
    except TingjianError as error:
        return render(error.message, locale)
    return "ok"


def _broker_answers(context: Context) -> bool:
    return context.doorbell.waiting(Queue.SPEECH) is not None


def _disk(context: Context, locale: str) -> str:
    try:
        context.check_room()
    except TingjianError as error:
        return render(error.message, locale)
    except OSError:
        return text("api.home_missing", locale)
    return "ok"


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    dependencies=[require(Right.SETTINGS)],
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **responses()},
)
def metrics(context: ContextDep) -> Response:
    """Requests, runs by status, messages waiting, free disk space."""
    return Response(generate_latest(context.registry), media_type=CONTENT_TYPE_LATEST)


class LedgerCollector(Collector):
    """Reads the ledger when Prometheus asks, so that the figures are the database's and never our own guess."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def describe(self) -> Iterable[Metric]:
        """Nothing: without this the registry would read the database while the application is being built."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The figures as of now; what cannot be read is left out."""
        up = GaugeMetricFamily("tingjian_database_up", "1 where the database answers.")
        try:
            counts = self._context.services.recordings.counts()
        except TingjianError:
            up.add_metric((), 0)
        else:
            up.add_metric((), 1)
            runs = GaugeMetricFamily("tingjian_runs", "Runs by status.", labels=("status",))
            for status in counts.__struct_fields__:
                runs.add_metric((status,), getattr(counts, status))
            yield runs
        yield up
        waiting = GaugeMetricFamily("tingjian_queue_waiting", "Messages nobody has taken yet.", labels=("queue",))
        for queue in Queue:
            messages = self._context.doorbell.waiting(queue)
            if messages is None:
                # A broker that is away takes seconds to say so, and would for the next queue again.
                break
            waiting.add_metric((queue.value,), messages)
        yield waiting
        free = GaugeMetricFamily("tingjian_disk_free_bytes", "Free space where recordings are kept.")
        free.add_metric((), self._context.free_bytes())
        yield free
