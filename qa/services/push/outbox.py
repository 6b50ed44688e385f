"""Writes news down for sending, inside the transaction of what it tells of."""

from datetime import datetime

from sqlalchemy.orm import Session

from qa.core.base import encode
from qa.db.ids import new_id
from qa.db.models import DeliveryRow
from qa.db.push import Push
from qa.i18n import DEFAULT_LOCALE
from qa.services.push.news import News


class Outbox:
    """Deliveries within one transaction: either the act and its news are both kept, or neither."""

    def __init__(self, session: Session, tenant: str, now: datetime) -> None:
        self._push = Push(session)
        self._tenant = tenant
        self._now = now

    def tell(self, news: News, *, agent_too: bool = False) -> int:
        """To every receiver that listens, and, where wanted, to the agent's own mailbox; returns how many."""
        targets = self._push.listening(self._tenant, news.event, news.team or None)
        for target in targets:
            self._write(news, target.address, target.locale, target.id)
        mailboxes = self._push.mailboxes(self._tenant, news.agent) if agent_too and news.agent else ()
        for address in mailboxes:
            self._write(news, address, DEFAULT_LOCALE, None)
        return len(targets) + len(mailboxes)

    def _write(self, news: News, address: str, locale: str, target_id: str | None) -> None:
        self._push.add(
            DeliveryRow(
                id=new_id(),
                tenant=self._tenant,
                target_id=target_id,
                address=address,
                event=news.event,
                payload={"news": encode(news).decode(), "locale": locale},
                state="queued",
                attempts=0,
                next_at=self._now,
                error=None,
                created_at=self._now,
                sent_at=None,
            )
        )
