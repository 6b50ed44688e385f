import httpx
import pytest

from qa.rules.ask_model import http_asker, parse_answer
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


def test_confidence_is_kept_between_nought_and_one() -> None:
    answer = parse_answer('{"yes": false, "confidence": 7}')
    assert answer is not None
    assert answer.confidence == 1.0
