"""Writes the exports that wait, then ends: a process of its own, whose memory is given back."""

import structlog

from qa.core.errors import TingjianError
from qa.logging import configure
from qa.services import open_services
from qa.settings import Settings

_log = structlog.get_logger(__name__)


def main() -> None:
    """Write everything that waits; what fails is kept with its export."""
    settings = Settings()
    configure(settings.home, "exporter")
    services = open_services(settings)
    try:
        for export_id in services.exports.waiting():
            try:
                services.exports.write(export_id)
            except TingjianError as error:
                _log.warning("export.not_written", export=export_id, reason=error.message.code)
    finally:
        services.close()


if __name__ == "__main__":
    main()
