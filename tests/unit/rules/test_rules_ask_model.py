from collections.abc import Callable, Iterator
from itertools import repeat
from time import sleep

import httpx
import pytest

from qa.rules.ask_model import MAX_CHARACTERS, http_asker, parse_answer
from qa.rules.call import ModelAnswer


def asker_for(status: int, content: str) -> object:
    reply = {"choices": [{"message": {"content": content}}]}
    transport = httpx.MockTransport(lambda request: httpx.Response(status, json=reply))
    return http_asker("http://model/v1", "m", client=httpx.Client(transport=transport))("问题", "对话")


def test_an_answer_with_a_quote_is_read() -> None:
    assert asker_for(200, '```json\n{"yes": true, "confidence": 0.9, "quotes": ["保本"]}\n```') == ModelAnswer(
        True, 0.9, ("保本",)
    )


@pytest.mark.parametrize(("status", "content"), [(500, "{}"), (200, "I think so"), (200, "{}"), (200, "[]")])
def test_a_failure_is_a_shrug(status: int, content: str) -> None:
    assert asker_for(status, content) is None


@pytest.mark.parametrize(
    "content",
    [
        '{"yes": false, "confidence": 7}',
        '{"yes": true, "confidence": 90}',
        '{"yes": true, "confidence": NaN}',
        '{"yes": "false", "confidence": 0.9}',
        '{"yes": 1, "confidence": 0.9}',
        '{"yes": true, "confidence": ' + "9" * 5000 + "}",
        '{"x": ' + "[" * 100_000 + "}",
    ],
    ids=["seven", "per cent", "no number", "a word", "a number", "too long a number", "too deep"],
)
def test_an_answer_that_keeps_to_no_scale_is_none(content: str) -> None:
    assert parse_answer(content) is None


@pytest.mark.parametrize(
    "reply",
    [
        b'{"choices": [{"message": {"content": null}}]}',
        b'{"choices": [{"message": {"content": [{"type": "text", "text": "{}"}]}}]}',
        b"[" * 100_000,
        b"[]",
        b"",
        b"\xff\xfe",
    ],
    ids=["null", "parts", "deep", "list", "empty", "no text"],
)
def test_a_reply_of_another_form_is_a_shrug(reply: bytes) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=reply))
    assert http_asker("http://model/v1", "m", client=httpx.Client(transport=transport))("问题", "对话") is None


NO = b'{"choices": [{"message": {"content": "{\\"yes\\": false, \\"confidence\\": 1}"}}]}'


def asked(
    reply: Callable[[], Iterator[bytes]], dialogue: str = "对话", timeout: float = 30.0
) -> ModelAnswer | None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=reply()))
    return http_asker("http://model/v1", "m", timeout=timeout, client=httpx.Client(transport=transport))(
        "问题", dialogue
    )


def test_a_reply_that_drips_or_never_ends_is_none() -> None:
    def drips() -> Iterator[bytes]:
        for piece in NO:
            yield bytes([piece])
            sleep(0.01)

    def floods() -> Iterator[bytes]:
        yield from repeat(b" " * 65_536)

    assert asked(lambda: iter([NO])) == ModelAnswer(False, 1.0, ())
    assert asked(drips, timeout=0.1) is None
    assert asked(floods) is None


def test_a_no_to_part_of_a_call_is_none() -> None:
    assert asked(lambda: iter([NO]), "客" * MAX_CHARACTERS) == ModelAnswer(False, 1.0, ())
    assert asked(lambda: iter([NO]), "客" * (MAX_CHARACTERS + 1)) is None
