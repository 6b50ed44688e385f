"""No number of a person and no forged line gets into a log."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from qa.logging import configure, mask


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("13800138000", "13*******00"),
        ("电话13800138000。", "电话13*******00。"),
        ("138 0013-8000", "13*********00"),
        ("110101199003071234", "11**************34"),
        ("agent 4711", "agent 4711"),
        ("2026-03-01", "2026-03-01"),
        ("a\nb\u2028c\x1b[31m", "a\ufffdb\ufffdc\ufffd[31m"),
        ("01a1fff5f86a71ee881b6af08c47b596", "01a1fff5f86a71ee881b6af08c47b596"),
        ("672f5112-1234-4444-92b9-1234567890c1", "672f5112-1234-4444-92b9-1234567890c1"),
    ],
)
def test_runs_of_digits_are_masked_and_ids_of_ours_are_not(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_every_value_of_an_event_is_masked_whatever_logs_it(tmp_path: Path) -> None:
    configure(tmp_path, "test")
    structlog.get_logger("a").info("call 13800138000", name="13800138000.wav", nested={"x": ["13800138000"]})
    logging.getLogger("library").warning("from %s", 13800138000)
    try:
        raise ValueError("13800138000")
    except ValueError:
        logging.getLogger("library").exception("broken")
    text = (tmp_path / "logs" / "test.jsonl").read_text(encoding="utf-8")
    assert "13800138000" not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["process"] for line in lines] == ["test"] * 3
    assert lines[0]["name"] == "13*******00.wav"
    assert "Traceback" in lines[2]["exception"]


def test_a_name_with_a_newline_does_not_forge_a_line(tmp_path: Path) -> None:
    configure(tmp_path, "test")
    structlog.get_logger("a").info("x", name='a.wav\n{"event": "forged"}')
    assert len((tmp_path / "logs" / "test.jsonl").read_text(encoding="utf-8").splitlines()) == 1
