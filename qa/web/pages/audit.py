"""The audit log: who did what, and whether anybody touched it since."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from fastapi import Request, Response

from qa.core.people import Person
from qa.db.audit import Wanted
from qa.i18n import catalogue
from qa.services.audit import AuditService, ChainReport
from qa.web.reader import reader_of
from qa.web.render import Who, page_router, render

router = page_router()


@router.get("/audit")
def log(
    request: Request,
    who: Who,
    actor: str = "",
    action: str = "",
    recording: str = "",
    since: str = "",
    until: str = "",
    before: int | None = None,
) -> Response:
    """A page of the log, newest first."""
    return _page(request, who, [actor, action, recording, since, until], before)


@router.post("/audit/check")
def check(request: Request, who: Who) -> Response:
    """Walk the chain now and show what came of it."""
    return _page(request, who, [""] * 5, None, _service(request).check(who))


def _page(
    request: Request, who: Person, asked: list[str], before: int | None, report: ChainReport | None = None
) -> Response:
    service = _service(request)
    actor, action, recording, since, until = (one.replace("\0", "").strip()[:128] for one in asked)
    start, end = _day(request, since), _day(request, until)
    wanted = Wanted(actor, action, recording, start, end + timedelta(days=1) if end else None)
    names = ("actor", "action", "recording", "since", "until")
    return render(
        request,
        "audit/log.html",
        page=service.page(who, wanted, before),
        asked=dict(
            zip(names, (actor, action, recording, since if start else "", until if end else ""), strict=True)
        ),
        checkpoint=service.last_checkpoint(who),
        head=service.head(who.tenant),
        report=report,
        known=_known_actions(),
    )


def _service(request: Request) -> AuditService:
    service: AuditService = request.app.state.context.services.audit
    return service


def _day(request: Request, text: str) -> datetime | None:
    """The start of a day as the reader's calendar has it; None for what is no day."""
    with suppress(ValueError, OverflowError):
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=reader_of(request).zone).astimezone(UTC)
    return None


def _known_actions() -> list[str]:
    """Actions that have a name of their own in the catalogue."""
    named = (code.removeprefix("audit.action_") for code in catalogue() if code.startswith("audit.action_"))
    return sorted(name.replace("__", ".") for name in named)
