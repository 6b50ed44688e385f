"""For how much of the speech the right party was named."""

from collections.abc import Sequence

from qa.core.base import Record
from qa.core.roles import Role
from qa.core.transcript import Transcript
from qa.evaluate.timeline import Labelled, pieces, talk
from qa.evaluate.truth import TruthTurn


class RoleTime(Record, frozen=True):
    """Seconds of speech that has words, and how many of them carry the right role."""

    right: float
    compared: float

    @property
    def share(self) -> float | None:
        """Share with the right role; None where nothing could be compared."""
        return self.right / self.compared if self.compared else None

    def __add__(self, other: "RoleTime") -> "RoleTime":
        return RoleTime(self.right + other.right, self.compared + other.compared)


def role_time(turns: Sequence[TruthTurn], transcript: Transcript | None, *, by_channel: bool) -> RoleTime:
    """Compare roles over all time at which somebody speaks and words are written.

    Where both parties talk at once on one channel, either role is right. An unknown role is wrong. Speech without
    words is not compared here: it is counted as lost speech.
    """
    written = transcript.turns if transcript else ()
    channels: list[int | None] = sorted({t.channel for t in turns}) if by_channel else [None]  # type: ignore[assignment]
    total = RoleTime(0.0, 0.0)
    for channel in channels:
        said = [Labelled(t.role, t.start, t.end) for t in turns if channel in (None, t.channel)]
        heard = [part for t in written if channel in (None, t.channel) for part in talk(t, t.role)]
        total += _compare(said, heard)
    return total


def _compare(said: Sequence[Labelled[Role]], heard: Sequence[Labelled[Role]]) -> RoleTime:
    right = compared = 0.0
    for start, end, truth, found in pieces(said, heard):
        if truth and found:
            compared += end - start
            right += end - start if truth & found else 0.0
    return RoleTime(right, compared)
