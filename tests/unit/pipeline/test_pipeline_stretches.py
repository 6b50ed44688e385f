"""Which stretches are heard again."""

from hypothesis import given
from hypothesis import strategies as st

from qa.core.finding import Evidence, MatchKind
from qa.core.roles import Role
from qa.core.speech import Activity, ChannelActivity
from qa.core.transcript import Span
from qa.pipeline.stretches import stretches
from qa.speech.base import LONGEST_AGAIN


def quote(start: float, end: float, channel: int = 0) -> Evidence:
    return Evidence(0, Role.AGENT, 0, 1, start, end, channel, "x", MatchKind.EXACT, 1.0)


def speech(*spans: tuple[float, float]) -> Activity:
    return Activity((ChannelActivity(tuple(Span(*s) for s in spans)), ChannelActivity((Span(0, 100),))))


def test_a_quote_is_widened_to_the_pauses_around_it() -> None:
    found = stretches([quote(20, 21)], speech((0, 10), (17.0, 24.5), (30, 40)), 100, 2.0, 10.0)
    assert found == {0: (Span(16.7, 24.8),)}


def test_quotes_close_together_share_a_stretch_and_channels_do_not() -> None:
    found = stretches([quote(20, 21), quote(22, 23), quote(22, 23, 1)], speech((18, 25)), 100, 2.0, 10.0)
    assert [len(s) for s in found.values()] == [1, 1]


def test_what_is_too_long_together_parts_in_the_longest_pause_between_the_quotes() -> None:
    found = stretches([quote(20, 21), quote(26, 27)], speech((15, 22), (22.2, 24), (25, 33)), 100, 2.0, 8.0)
    (first, second) = found[0]
    assert first.end <= 24.5 == second.start


@given(
    st.lists(st.tuples(st.floats(0, 95), st.floats(0.1, 8)), min_size=1, max_size=12),
    st.lists(st.floats(0, 100), max_size=20),
    st.floats(0, 5),
    st.floats(4, 25),
)
def test_every_quote_lies_whole_in_a_stretch_that_can_be_heard(
    places: list[tuple[float, float]], edges: list[float], context: float, longest: float
) -> None:
    edges = sorted(set(edges))
    activity = speech(*zip(edges[::2], edges[1::2], strict=False))
    quotes = [quote(round(s, 2), round(min(100.0, s + d), 2)) for s, d in places]
    (found,) = stretches(quotes, activity, 100.0, context, longest).values()
    assert list(found) == sorted(found, key=lambda s: s.start)
    for span in found:
        assert 0 <= span.start < span.end <= 100
        assert span.duration <= LONGEST_AGAIN + 0.02
    for q in quotes:
        assert any(s.start <= q.start + 0.02 and q.end <= s.end + 0.02 for s in found)
