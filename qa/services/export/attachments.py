"""What goes along with the rows: clips of findings and transcripts, personal data hidden in both."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import soundfile

from qa.audio.redact import redact
from qa.core.base import encode
from qa.core.errors import NotFoundError, TingjianError
from qa.core.people import Person
from qa.db.engine import Database
from qa.db.results import Results
from qa.exports.formats import read_rows
from qa.services.mapping import result_view
from qa.services.privacy import PrivacyService
from qa.services.recordings import RecordingService
from qa.text.masking import mask_transcript

AROUND: Final = 2.0
"""Seconds before and after a finding: enough to hear what it answers."""


class Attachments:
    """Writes clips and transcripts of the calls in a frozen snapshot."""

    def __init__(
        self, database: Database, recordings: RecordingService, privacy: PrivacyService, who: Person, source: Path
    ) -> None:
        """`source` holds the frozen rows."""
        self._database = database
        self._recordings = recordings
        self._privacy = privacy
        self._who = who
        self._source = source
        self.missing: list[str] = []
        """Recordings whose sound or words are gone meanwhile."""

    def transcripts(self, place: Callable[[str], Path], progress: Callable[[int], None]) -> Iterator[str]:
        """One JSON file per call; yields the names written."""
        for number, call in enumerate(read_rows(self._source / "calls.jsonl"), 1):
            with self._database.read() as session:
                row = Results(session).get(call["recording_id"], call["result_id"])
                result = result_view(row).result if row else None
            if result is None or result.transcript is None:
                self.missing.append(call["recording_id"])
            else:
                name = f"transcripts/{call['recording_id']}.json"
                place(name).write_bytes(encode(mask_transcript(result.transcript)))
                yield name
            progress(number)

    def clips(self, place: Callable[[str], Path], progress: Callable[[int], None]) -> Iterator[str]:
        """One FLAC per finding that has a place in the sound; yields the names written."""
        heard: list[tuple[str, float, float]] = []
        recording = ""
        for number, row in enumerate(read_rows(self._source / "findings.jsonl"), 1):
            if row["recording_id"] != recording:
                yield from self._cut(recording, heard, place)
                recording, heard = row["recording_id"], []
            if row["start_s"] is not None and row["end_s"] is not None and row["end_s"] > row["start_s"]:
                heard.append((row["finding_id"], row["start_s"], row["end_s"]))
            progress(number)
        yield from self._cut(recording, heard, place)

    def _cut(
        self, recording_id: str, heard: list[tuple[str, float, float]], place: Callable[[str], Path]
    ) -> Iterator[str]:
        names = {finding: f"clips/{finding}.flac" for finding, _, _ in heard}
        if not names:
            return
        if all(place(name).exists() for name in names.values()):
            yield from names.values()
            return
        hidden_place = place(next(iter(names.values()))).parent
        with tempfile.TemporaryDirectory(dir=hidden_place, prefix=".clip-") as folder:
            whole = Path(folder) / "whole.flac"
            try:
                hidden = self._privacy.hidden(self._who, recording_id)
                if hidden is None:
                    raise NotFoundError("ledger.no_result", status="-")
                with self._recordings.sound(recording_id) as audio:
                    redact(audio, whole, hidden)
            except TingjianError:
                # Deleted, or gone from the store, since the rows were frozen: the rows still say what was found.
                self.missing.append(recording_id)
                return
            with soundfile.SoundFile(whole) as sound:
                rate = sound.samplerate
                for finding, start, end in heard:
                    first = max(0, int((start - AROUND) * rate))
                    sound.seek(min(first, sound.frames))
                    part = Path(folder) / "part.flac"
                    soundfile.write(part, sound.read(int((end + AROUND) * rate) - first, dtype="int16"), rate)
                    part.rename(place(names[finding]))
                    yield names[finding]
