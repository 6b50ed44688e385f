"""Rounds of calibration: set up, judge blind, close, compare."""

import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from qa.core.agreement import krippendorff, majority
from qa.core.errors import BadOptionError, ConflictError, ForbiddenError, NotFoundError
from qa.core.finding import Check
from qa.core.people import Person, Right
from qa.core.result import Result
from qa.db.audit import AuditTrail
from qa.db.calibration import Calibrations
from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import CalibrationAnswerRow, CalibrationCallRow, CalibrationRow, RecordingRow
from qa.db.results import Results
from qa.i18n import DEFAULT_LOCALE, LOCALES, catalogue, label_in
from qa.services.calibration.views import (
    Agreement,
    BlindCall,
    BlindItem,
    CallProgress,
    Disagreement,
    Drift,
    NewRound,
    Outcomes,
    PersonAgreement,
    RoundView,
)
from qa.services.mapping import result_view
from qa.text.masking import mask, mask_transcript

OVERALL: Final = "overall"
MARKS: Final = ("1", "2", "3", "4", "5")
CHOICES: Final = ("pass", "fail", "n/a")
MAX_CALLS: Final = 200
MAX_PEOPLE: Final = 50
MAX_TEXT: Final = 2000
_OVERALL_LABEL: Final = {"zh-Hans": "总体评价", "zh-Hant": "總體評價", "en": "Overall"}


class CalibrationService:
    """Everything about calibration. Every method checks what `who` may do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, who: Person, new: NewRound) -> RoundView:
        """Set up a round. Raises `BadOptionError` for what is wrong in it."""
        who.need(Right.MANAGE_CALIBRATION)
        people = tuple(dict.fromkeys(login.strip() for login in new.people if login.strip()))
        if not 0 < len(new.name.strip()) <= 255:
            raise BadOptionError("calibration.name_needed")
        if not 2 <= len(people) <= MAX_PEOPLE:
            raise BadOptionError("calibration.people_needed", most=MAX_PEOPLE)
        if new.gold_by and new.gold_by not in people:
            raise BadOptionError("calibration.gold_not_one_of_them", who=new.gold_by[:100])
        if not new.recordings and not 1 <= new.count <= MAX_CALLS:
            raise BadOptionError("calibration.calls_needed", most=MAX_CALLS)
        with self._database.write() as session:
            rounds, now = Calibrations(session), self._database.now(session)
            row = CalibrationRow(
                id=new_id(),
                tenant=who.tenant,
                name=new.name.strip(),
                people=list(people),
                gold_by=new.gold_by or None,
                created_by=who.login,
                created_at=now,
                due_at=new.due_at,
            )
            chosen = rounds.choose(who, new.recordings[:MAX_CALLS], new.count, zlib.crc32(row.id.encode()))
            calls = [
                CalibrationCallRow(
                    calibration_id=row.id, recording_id=one.id, result_id=one.result_id, position=position
                )
                for position, one in enumerate(chosen)
                if one.result_id
            ]
            if not calls:
                raise BadOptionError("calibration.no_calls")
            rounds.add(row, *calls)
            self._record(session, who, row, "created", calls=len(calls))
            return self._views(session, who, [row])[0]

    def rounds(self, who: Person, limit: int = 50) -> tuple[RoundView, ...]:
        """Newest first: those one judges in, all for who manages them."""
        who.need(Right.CALIBRATE)
        with self._database.read() as session:
            rows = Calibrations(session).rounds(who.tenant, limit)
            return tuple(self._views(session, who, [row for row in rows if _sees(who, row)]))

    def get(self, who: Person, round_id: str) -> RoundView:
        """One round."""
        who.need(Right.CALIBRATE)
        with self._database.read() as session:
            return self._views(session, who, [self._round(session, who, round_id)])[0]

    def blind(self, who: Person, round_id: str, recording_id: str) -> BlindCall:
        """A call to be judged. Raises `ForbiddenError` for who is not asked to."""
        who.need(Right.CALIBRATE)
        with self._database.read() as session:
            row = self._round(session, who, round_id)
            if who.login not in row.people:
                raise ForbiddenError("calibration.not_asked")
            call, recording = self._call(session, row, recording_id)
            result = self._result(session, call)
            rounds = Calibrations(session)
            mine = {a.item: a for a in rounds.answers(row.id, recording.id) if a.person == who.login}
            done = {a.recording_id for a in rounds.answers(row.id) if a.person == who.login}
            calls = rounds.calls([row.id])[row.id]
        following = next((r.id for _, r in calls if r.id not in done and r.id != recording_id), None)
        items = tuple(
            BlindItem(
                item,
                label,
                MARKS if item == OVERALL else CHOICES,
                mine[item].value if item in mine else None,
                mine[item].note if item in mine else "",
            )
            for item, label in _items(result).items()
        )
        transcript = mask_transcript(result.transcript) if result.transcript else None
        return BlindCall(
            row.id, recording.id, mask(recording.name), recording.duration, transcript, items, following
        )

    def answer(
        self, who: Person, round_id: str, recording_id: str, answers: Mapping[str, str], notes: Mapping[str, str]
    ) -> None:
        """Judge a call: item -> value. Saying it again replaces it; once the round is closed nothing changes."""
        who.need(Right.CALIBRATE)
        if any(len(note) > MAX_TEXT for note in notes.values()):
            raise BadOptionError("calibration.too_long", most=MAX_TEXT)
        with self._database.write() as session:
            rounds, now = Calibrations(session), self._database.now(session)
            row = self._round(session, who, round_id, lock=True)
            if who.login not in row.people:
                raise ForbiddenError("calibration.not_asked")
            if row.closed_at is not None:
                raise ConflictError("calibration.closed")
            call, _ = self._call(session, row, recording_id)
            known = _items(self._result(session, call))
            missing = [item for item in known if item not in answers]
            if missing:
                raise BadOptionError("calibration.answers_missing", n=len(missing))
            for item, value in answers.items():
                if item not in known or value not in (MARKS if item == OVERALL else CHOICES):
                    raise BadOptionError("calibration.bad_answer", item=item[:100], value=value[:20])
            rounds.forget(row.id, recording_id, who.login)
            rounds.add(
                *(
                    CalibrationAnswerRow(
                        calibration_id=row.id,
                        recording_id=recording_id,
                        person=who.login,
                        item=item,
                        value=value,
                        note=notes.get(item, "").strip(),
                        at=now,
                    )
                    for item, value in answers.items()
                )
            )
            self._record(session, who, row, "judged", recording=recording_id)

    def close(self, who: Person, round_id: str) -> RoundView:
        """End it: from now on everybody sees everything, and nothing changes."""
        who.need(Right.MANAGE_CALIBRATION)
        with self._database.write() as session:
            row = self._round(session, who, round_id, lock=True)
            if row.closed_at is not None:
                raise ConflictError("calibration.closed")
            row.closed_at = self._database.now(session)
            self._record(session, who, row, "closed")
            return self._views(session, who, [row])[0]

    def outcomes(self, who: Person, round_id: str) -> Outcomes:
        """How far people agreed. Raises `ConflictError` while the round is open."""
        who.need(Right.CALIBRATE)
        with self._database.read() as session:
            row = self._round(session, who, round_id)
            if row.closed_at is None:
                raise ConflictError("calibration.still_open")
            said = _by_unit(Calibrations(session).answers(row.id))
            calls = {r.id: (r, self._result(session, c)) for c, r in Calibrations(session).calls([row.id])[row.id]}
            view = self._views(session, who, [row])[0]
        labels = {item: label for _, result in calls.values() for item, label in _items(result).items()}
        return Outcomes(
            view,
            tuple(_agreements(said, labels)),
            tuple(_against_gold(said, row)),
            tuple(_disagreements(said, row, calls, labels)),
        )

    def drift(self, who: Person, limit: int = 20) -> tuple[Drift, ...]:
        """Each person's agreement with gold in the last closed rounds, oldest first."""
        who.need(Right.MANAGE_CALIBRATION)
        found: list[Drift] = []
        with self._database.read() as session:
            rounds = Calibrations(session)
            for row in reversed(rounds.rounds(who.tenant, limit)):
                if row.closed_at is not None:
                    found += [
                        Drift(row.id, row.name, row.closed_at, one.person, one.same, one.of)
                        for one in _against_gold(_by_unit(rounds.answers(row.id)), row)
                    ]
        return tuple(found)

    def _round(self, session: Session, who: Person, round_id: str, *, lock: bool = False) -> CalibrationRow:
        row = Calibrations(session).round(who.tenant, round_id, lock=lock)
        if row is None or not _sees(who, row):
            raise NotFoundError("calibration.no_round", id=round_id[:40])
        return row

    def _call(
        self, session: Session, row: CalibrationRow, recording_id: str
    ) -> tuple[CalibrationCallRow, RecordingRow]:
        for call, recording in Calibrations(session).calls([row.id])[row.id]:
            if recording.id == recording_id:
                return call, recording
        raise NotFoundError("ledger.no_recording", id=recording_id[:64])

    def _result(self, session: Session, call: CalibrationCallRow) -> Result:
        row = Results(session).get(call.recording_id, call.result_id)
        if row is None:
            raise NotFoundError("ledger.no_result", status="-")
        return result_view(row).result

    def _views(self, session: Session, who: Person, rows: Sequence[CalibrationRow]) -> list[RoundView]:
        rounds = Calibrations(session)
        ids = [row.id for row in rows]
        calls, judged = rounds.calls(ids), rounds.answered(ids)
        views = []
        for row in rows:
            done = {a.recording_id for a in rounds.answers(row.id) if a.person == who.login}
            views.append(
                RoundView(
                    id=row.id,
                    name=row.name,
                    people=tuple(row.people),
                    gold_by=row.gold_by,
                    created_by=row.created_by,
                    created_at=row.created_at,
                    due_at=row.due_at,
                    closed_at=row.closed_at,
                    calls=tuple(
                        CallProgress(r.id, mask(r.name), r.duration, r.id in done) for _, r in calls[row.id]
                    ),
                    judged={login: judged.get((row.id, login), 0) for login in row.people},
                    mine=who.login in row.people,
                )
            )
        return views

    def _record(self, session: Session, who: Person, row: CalibrationRow, verb: str, **details: object) -> None:
        now = self._database.now(session)
        recording = details.pop("recording", None)
        AuditTrail(session).add(
            who.tenant,
            now,
            who.login,
            f"calibration.{verb}",
            str(recording) if recording else None,
            round=row.id,
            **details,
        )


Said = dict[tuple[str, str], dict[str, CalibrationAnswerRow]]
"""(Recording, item) -> person -> answer."""


def _sees(who: Person, row: CalibrationRow) -> bool:
    return who.login in row.people or who.may(Right.MANAGE_CALIBRATION)


def _items(result: Result) -> dict[str, dict[str, str]]:
    """The questions about a call: every check that applies to it, and the overall mark."""
    checks = result.analysis.checks if result.analysis else ()
    asked = [check for check in checks if not check.shadow and check.outcome.value != "n/a"]
    # A file of a pack that looks for several kinds of things has a check for each, all of the same name; two flows
    # may both ask for a greeting.
    found = {check.rule: dict(check.label) for check in asked}
    for more in (_family, lambda check: dict.fromkeys(LOCALES, check.rule)):
        names = Counter(label_in(label, DEFAULT_LOCALE) for label in found.values())
        for check in asked:
            if names[label_in(found[check.rule], DEFAULT_LOCALE)] > 1:
                apart = more(check)
                found[check.rule] = {
                    locale: f"{label_in(check.label, locale)} · {apart[locale]}" for locale in LOCALES
                }
    return {**found, OVERALL: dict(_OVERALL_LABEL)}


def _family(check: Check) -> Mapping[str, str]:
    named = catalogue().get(f"web_recordings.family_{check.family}", {})
    return {locale: named.get(locale, check.family) for locale in LOCALES}


def _by_unit(answers: Sequence[CalibrationAnswerRow]) -> Said:
    said: Said = defaultdict(dict)
    for one in answers:
        said[one.recording_id, one.item][one.person] = one
    return said


def _agreements(said: Said, labels: Mapping[str, dict[str, str]]) -> list[Agreement]:
    """The least agreed first."""
    units: dict[str, list[list[str]]] = defaultdict(list)
    for (_, item), people in said.items():
        if len(people) >= 2:
            units[item].append([one.value for one in people.values()])
    found = [
        Agreement(
            item,
            labels.get(item, {}),
            krippendorff(given, MARKS if item == OVERALL else None),
            len(given),
            sum(len(set(one)) == 1 for one in given),
        )
        for item, given in units.items()
    ]
    return sorted(found, key=lambda a: (a.unanimous / a.judged, a.item))


def _gold(people: Mapping[str, CalibrationAnswerRow], row: CalibrationRow) -> str | None:
    if row.gold_by:
        return people[row.gold_by].value if row.gold_by in people else None
    return majority([one.value for one in people.values()])


def _against_gold(said: Said, row: CalibrationRow) -> list[PersonAgreement]:
    found = []
    for person in row.people:
        if person == row.gold_by:
            continue
        pairs: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
        for (_, item), people in said.items():
            gold = _gold(people, row)
            if gold is not None and person in people:
                pairs[item == OVERALL].append((people[person].value, gold))
        every = pairs[True] + pairs[False]
        kappas = [(_kappa(some, ordinal=ordinal), len(some)) for ordinal, some in pairs.items()]
        known = [(kappa, count) for kappa, count in kappas if kappa is not None]
        weight = sum(count for _, count in known)
        mean = sum(kappa * count for kappa, count in known) / weight if weight else None
        found.append(PersonAgreement(person, mean, sum(one == gold for one, gold in every), len(every)))
    return found


def _kappa(pairs: Sequence[tuple[str, str]], *, ordinal: bool) -> float | None:
    """Cohen's kappa, quadratic weights for ordinal marks; None without variation."""
    if len({value for pair in pairs for value in pair}) < 2:
        return None
    from sklearn.metrics import cohen_kappa_score

    ours, gold = zip(*pairs, strict=True)
    if ordinal:
        return float(cohen_kappa_score(ours, gold, labels=list(MARKS), weights="quadratic"))
    return float(cohen_kappa_score(ours, gold))


def _disagreements(
    said: Said,
    row: CalibrationRow,
    calls: Mapping[str, tuple[RecordingRow, Result]],
    labels: Mapping[str, dict[str, str]],
) -> list[Disagreement]:
    found = []
    for (recording_id, item), people in sorted(said.items()):
        if len({one.value for one in people.values()}) < 2:
            continue
        recording, result = calls[recording_id]
        checks = result.analysis.checks if result.analysis else ()
        found.append(
            Disagreement(
                recording_id,
                mask(recording.name),
                item,
                labels.get(item, {}),
                {person: one.value for person, one in people.items()},
                {person: mask(one.note) for person, one in people.items() if one.note},
                _gold(people, row),
                next((check.outcome.value for check in checks if check.rule == item), None),
            )
        )
    return found
