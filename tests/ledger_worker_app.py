"""What workers run in fault tests: everything real but the models."""

from ledger_fakes import FakePipeline

from qa.settings import Settings
from workers.app import build

app = build(Settings(), lambda settings: FakePipeline(stage_seconds=0.15))
