"""What the measures of behaviour go by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BehaviourOptions:
    """Thresholds of the measures. Rules set their own on top; these only say what is worth recording."""

    own_pause: float = 1.0
    """Seconds of pause in which a speaker still holds the floor: pauses inside fluent speech rarely pass one
    second (Campione and Veronis 2002)."""
    lost_floor: float = 0.4
    """Seconds that somebody else speaks in a speaker's pause and thereby has the floor: longer than the pause at a
    comma, so that who pauses for breath while being talked over is not said to cut in again."""
    trailing_pad: float = 0.04
    """Seconds taken off behind detected speech: measured on turns of known times, detected ends are 0.05 s late
    and starts up to 0.05 s, so that this much leaves the length of talk right on average."""
    word_slack: float = 0.3
    """Seconds that words' times may lie beside the voice they belong to."""
    least_silence: float = 1.0
    """Seconds without anybody that are recorded as a silence. Gaps between speakers of conversations are 0.2 s in
    the middle and under a second nearly always (Heldner and Edlund 2010)."""
    least_overlap: float = 0.2
    """Seconds that two must talk at once for one to have cut in. Overlaps under 0.12 s are not noticed (Heldner
    2011); the detector's edges add up to 0.1 s."""
    back_channel: float = 1.5
    """Longest back-channel, seconds."""
    gave_way: float = 2.0
    """Who falls silent within so many seconds of being cut into gave way."""
    hold_share: float = 0.5
    """A silence is a hold where music or tones fill this share of it."""
    hold_notice_turns: int = 2
    """Turns before a silence in which a notice announces it."""
    tail: float = 0.3
    """A recording that ends within so many seconds of speech broke off."""
    least_rate_seconds: float = 1.0
    """A shorter turn has no rate of speech."""
    least_rate_characters: int = 4
    least_turns_for_change: int = 6
    """Turns of a speaker without which nothing is said about a change over the call."""
