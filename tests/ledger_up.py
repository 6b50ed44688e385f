"""`python ledger_up.py CELERY_APP [WATCH]`: the supervisor without the API, over whatever workers are named."""

import sys
from pathlib import Path

from qa.settings import Settings
from workers.supervisor import Supervisor

if __name__ == "__main__":
    watch = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    sys.exit(Supervisor(Settings(), celery_app=sys.argv[1]).run(api=False, watch=watch))
