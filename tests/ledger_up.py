"""`python ledger_up.py [WATCH]`: the supervisor over workers with the fake pipeline."""

import sys
from pathlib import Path

from qa.settings import Settings
from workers.supervisor import Supervisor

if __name__ == "__main__":
    watch = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    sys.exit(Supervisor(Settings(), celery_app="ledger_worker_app").run(api=False, watch=watch))
