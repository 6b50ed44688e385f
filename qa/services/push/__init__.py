"""News that leaves the service: mail, signed webhooks, chat robots.

What is to be told is written as a delivery in the same transaction as what it tells of (`Outbox`), and sent
afterwards by the sweeper (`PushService.deliver_due`), again and again with growing waits until it has arrived.
"""

from qa.services.push.news import EVENTS, News
from qa.services.push.outbox import Outbox
from qa.services.push.service import PushService
from qa.services.push.views import DeliveryView, NewTarget, TargetView

__all__ = ["EVENTS", "DeliveryView", "NewTarget", "News", "Outbox", "PushService", "TargetView"]
