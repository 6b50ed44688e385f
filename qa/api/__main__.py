"""`python -m qa.api`: the HTTP service alone, by the settings."""

import sys

from qa.api.server import serve
from qa.core.errors import TingjianError
from qa.i18n import pick_locale, render
from qa.settings import Settings


def main() -> int:
    """Serve; an error is one sentence on standard error and its own exit code."""
    settings = Settings()
    try:
        serve(settings, listening=lambda url: print(url, flush=True))  # noqa: T201 - this is a command
    except TingjianError as error:
        print(render(error.message, pick_locale(settings.locale)), file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
