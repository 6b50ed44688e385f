"""Use cases. Each call owns one transaction and returns plain records (`qa.services.views`).

Entry points do `services = open_services(settings, doorbell)` and then use `services.intake`,
`services.analysis`, `services.recordings` and `services.uploads`.
"""

from qa.services.container import Services, open_services
from qa.services.intake import IntakeMeta

__all__ = ["IntakeMeta", "Services", "open_services"]
