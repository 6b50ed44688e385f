"""Receivers and their messages: entering, testing, sending, sending again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from sqlalchemy.orm import Session

from qa.core.base import decode
from qa.core.errors import BadOptionError, NotFoundError
from qa.core.people import Person, Right
from qa.db.audit import AuditTrail
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import DeliveryRow, PushTargetRow
from qa.db.push import Push
from qa.i18n import LOCALES, text
from qa.services.push.addresses import Resolver, check_form, networks
from qa.services.push.news import EVENTS, News
from qa.services.push.senders import PushError, is_mail_address, send_mail, send_post
from qa.services.push.views import DeliveryView, NewTarget, TargetView
from qa.services.push.wire import Kind
from qa.settings import PushSettings

_AT_A_TIME = 20
_HOLD = timedelta(minutes=5)
"""A sender that died lets go of its messages after this."""
_LONGEST_WAIT_S = 3600.0
_LEAST_SECRET = 16
"""Characters: 64 bits where they are random hexadecimal digits."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Parcel:
    delivery: str
    kind: Kind
    address: str
    secret: str
    news: News
    locale: str
    attempts: int


class PushService:
    """Everything about news that leaves the house."""

    def __init__(
        self, database: Database, options: PushSettings, base_url: str, resolve: Resolver | None = None
    ) -> None:
        """`base_url` is where people reach the pages. Raises `BadOptionError` for settings that are wrong."""
        self._database = database
        self._options = options
        self._allowed = networks(options.allowed_networks)
        self._base = (options.public_url or base_url).rstrip("/")
        self._resolve = resolve

    def targets(self, who: Person) -> tuple[TargetView, ...]:
        """All receivers."""
        who.need(Right.SETTINGS)
        with self._database.read() as session:
            return tuple(_target_view(row) for row in Push(session).targets(who.tenant))

    def add_target(self, who: Person, new: NewTarget) -> TargetView:
        """Enter a receiver. Raises `BadOptionError` with what is wrong in it."""
        who.need(Right.SETTINGS)
        kind = self._checked(new)
        with self._database.write() as session:
            now = self._database.now(session)
            row = PushTargetRow(
                id=new_id(),
                tenant=who.tenant,
                name=new.name.strip(),
                kind=kind.value,
                address=new.address.strip(),
                secret=new.secret,
                events=[event for event in EVENTS if event in new.events],
                team=new.team or None,
                locale=new.locale,
                active=True,
                created_by=who.login,
                created_at=now,
            )
            Push(session).add(row)
            self._record(session, who, now, row, "added")
            return _target_view(row)

    def set_active(self, who: Person, target_id: str, active: bool) -> TargetView:
        """Switch a receiver on or off."""
        who.need(Right.SETTINGS)
        with self._database.write() as session:
            row = self._target(session, who, target_id)
            row.active = active
            self._record(session, who, self._database.now(session), row, "on" if active else "off")
            return _target_view(row)

    def remove_target(self, who: Person, target_id: str) -> None:
        """Remove a receiver and what is on its way to it."""
        who.need(Right.SETTINGS)
        with self._database.write() as session:
            row = self._target(session, who, target_id)
            self._record(session, who, self._database.now(session), row, "removed")
            Push(session).remove(row)

    def test_target(self, who: Person, target_id: str) -> None:
        """Send a test message now. Raises `BadOptionError` with the reason where it does not arrive."""
        who.need(Right.SETTINGS)
        with self._database.read() as session:
            row = self._target(session, who, target_id)
        title = text("push.test_title", row.locale)
        news = News("notice.issued", "/coaching", agent="-", title=title)
        try:
            self._send(_Parcel(new_id(), Kind(row.kind), row.address, row.secret, news, row.locale, 1))
        except PushError as error:
            raise BadOptionError("push.not_delivered", name=row.name, why=str(error)) from error

    def deliveries(self, who: Person, limit: int = 100) -> tuple[DeliveryView, ...]:
        """The newest messages and where they stand."""
        who.need(Right.SETTINGS)
        with self._database.read() as session:
            return tuple(_delivery_view(row) for row in Push(session).recent(who.tenant, limit))

    def send_again(self, who: Person, delivery_id: str) -> DeliveryView:
        """Put a message that failed back into the queue."""
        who.need(Right.SETTINGS)
        with self._database.write() as session:
            row = Push(session).delivery(delivery_id, who.tenant)
            if row is None or row.state != "failed":
                raise NotFoundError("push.no_delivery", id=delivery_id[:40])
            row.state, row.attempts, row.next_at = "queued", 0, self._database.now(session)
            return _delivery_view(row)

    def deliver_due(self) -> int:
        """Send what waits; returns how many arrived. For the sweeper; any number of them may run."""
        with self._database.write() as session:
            now = self._database.now(session)
            parcels = [self._parcel(session, row) for row in Push(session).claim_due(now, now + _HOLD, _AT_A_TIME)]
        return sum(self._attempt(parcel) for parcel in parcels)

    def _attempt(self, parcel: _Parcel) -> bool:
        error: str | None = None
        try:
            self._send(parcel)
        except PushError as failed:
            error = str(failed)[:255]
        with self._database.write() as session:
            row = Push(session).delivery(parcel.delivery)
            if row is None:
                return error is None
            now = self._database.now(session)
            row.error = error
            if error is None:
                row.state, row.sent_at = "sent", now
            elif parcel.attempts >= self._options.max_attempts:
                row.state = "failed"
            else:
                wait = min(self._options.retry_seconds * 2 ** (parcel.attempts - 1), _LONGEST_WAIT_S)
                row.state, row.next_at = "queued", now + timedelta(seconds=wait)
            state = row.state
        _log.info("push.attempt", delivery=parcel.delivery, state=state, attempts=parcel.attempts, error=error)
        return error is None

    def _send(self, parcel: _Parcel) -> None:
        link = f"{self._base}{parcel.news.path}"
        if parcel.kind is Kind.EMAIL:
            send_mail(
                self._options,
                parcel.address,
                parcel.news,
                link=link,
                locale=parcel.locale,
                delivery=parcel.delivery,
            )
            return
        with self._database.read() as session:
            at = self._database.now(session)
        send_post(
            self._options,
            self._allowed,
            parcel.kind,
            parcel.address,
            parcel.secret,
            parcel.news,
            link=link,
            locale=parcel.locale,
            delivery=parcel.delivery,
            at=at,
            resolve=self._resolve,
        )

    def _parcel(self, session: Session, row: DeliveryRow) -> _Parcel:
        target = session.get(PushTargetRow, row.target_id) if row.target_id else None
        kind = Kind(target.kind) if target else Kind.EMAIL
        news = decode(row.payload["news"], News)
        secret = target.secret if target else ""
        return _Parcel(row.id, kind, row.address, secret, news, row.payload["locale"], row.attempts)

    def _checked(self, new: NewTarget) -> Kind:
        if not 0 < len(new.name.strip()) <= 255:
            raise BadOptionError("push.name_needed")
        if new.kind not in list(Kind):
            raise BadOptionError("push.bad_kind", given=new.kind[:40], known=", ".join(Kind))
        strange = sorted(set(new.events) - set(EVENTS))
        if strange or not new.events:
            raise BadOptionError("push.bad_event", given=", ".join(strange)[:100] or "-", known=", ".join(EVENTS))
        if new.locale not in LOCALES:
            raise BadOptionError("push.bad_locale", given=new.locale[:20], known=", ".join(LOCALES))
        kind = Kind(new.kind)
        if kind is Kind.EMAIL:
            if not is_mail_address(new.address.strip()):
                raise BadOptionError("push.bad_mail_address", given=new.address[:100])
            if not self._options.smtp_host or not self._options.smtp_from:
                raise BadOptionError("push.no_mail_server")
        else:
            check_form(new.address.strip(), self._allowed)
        if kind is Kind.WEBHOOK and len(new.secret) < _LEAST_SECRET:
            raise BadOptionError("push.secret_needed", least=_LEAST_SECRET)
        return kind

    def _target(self, session: Session, who: Person, target_id: str) -> PushTargetRow:
        row = Push(session).target(who.tenant, target_id)
        if row is None:
            raise NotFoundError("push.no_target", id=target_id[:40])
        return row

    def _record(self, session: Session, who: Person, now: datetime, row: PushTargetRow, what: str) -> None:
        AuditTrail(session).add(
            who.tenant,
            now,
            who.login,
            "settings.changed",
            None,
            setting="push_target",
            target=row.id,
            kind=row.kind,
            what=what,
        )


def _target_view(row: PushTargetRow) -> TargetView:
    parts = urlsplit(row.address)
    robot = row.kind in (Kind.DINGTALK, Kind.WECOM, Kind.FEISHU)
    return TargetView(
        id=row.id,
        name=row.name,
        kind=row.kind,
        address=f"{parts.scheme}://{parts.netloc}/…" if robot else row.address,
        events=tuple(row.events),
        team=row.team,
        locale=row.locale,
        active=row.active,
        has_secret=bool(row.secret),
    )


def _delivery_view(row: DeliveryRow) -> DeliveryView:
    host = urlsplit(row.address).netloc or row.address
    return DeliveryView(
        row.id, row.event, host, row.state, row.attempts, row.next_at, row.error, row.created_at, row.sent_at
    )
