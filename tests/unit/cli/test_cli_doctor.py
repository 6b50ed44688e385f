"""What the doctor says of models."""

from pathlib import Path

import pytest

from qa.cli.doctor import State, _models
from qa.models import store
from qa.models.store import Condition
from qa.settings import Settings


@pytest.mark.parametrize(
    ("condition", "state"),
    [
        (Condition.VERIFIED, State.GOOD),
        (Condition.PRESENT, State.REMARK),
        (Condition.DAMAGED, State.PROBLEM),
        (Condition.MISSING, State.PROBLEM),
    ],
)
def test_only_a_model_whose_bytes_were_checked_is_called_good(
    condition: Condition, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "condition", lambda *_: condition)
    reports = {r.thing: r for r in _models(Settings(home=tmp_path))}
    chosen = reports["model whisper-base"]
    assert chosen.state is state
    assert ("models pull whisper-base" in chosen.advice) is (state is not State.GOOD)
