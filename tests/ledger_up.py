"""`python ledger_up.py CELERY_APP [--api] [--watch DIR]`: the supervisor over whatever workers are named."""

import argparse
import sys
from pathlib import Path

from qa.settings import Settings
from workers.supervisor import Supervisor

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("celery_app")
    parser.add_argument("--api", action="store_true")
    parser.add_argument("--watch", type=Path)
    wanted = parser.parse_args()
    sys.exit(Supervisor(Settings(), celery_app=wanted.celery_app).run(api=wanted.api, watch=wanted.watch))
