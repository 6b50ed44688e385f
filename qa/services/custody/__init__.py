"""Custody: encryption at rest, legal holds, retention, deletion."""

from qa.services.custody.deleting import Deleter
from qa.services.custody.master import MasterKeys
from qa.services.custody.service import CustodyService
from qa.services.custody.vault import Vault
from qa.services.custody.views import Certificate, DeletionView, DueView, Forecast, HoldView

__all__ = [
    "Certificate",
    "CustodyService",
    "Deleter",
    "DeletionView",
    "DueView",
    "Forecast",
    "HoldView",
    "MasterKeys",
    "Vault",
]
