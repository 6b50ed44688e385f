"""The call page: hear it, read it, judge it, without leaving the keyboard."""

import secrets
from typing import Annotated, Any

from fastapi import Depends, Form, Request, Response
from starlette.datastructures import FormData

from qa.api.context import Context, ContextDep
from qa.api.dependencies import require
from qa.core.errors import BadOptionError, NotFoundError
from qa.core.finding import Outcome, Severity
from qa.core.hiding import HidingKind
from qa.core.people import Person, Right
from qa.core.result import Result, RunStatus
from qa.core.review import RejectReason, VerdictOutcome
from qa.core.roles import Role
from qa.services.review.views import ReviewView
from qa.services.views import RecordingView
from qa.web.acts import done
from qa.web.forms import form_of
from qa.web.moments import CURVE_HEIGHT, CURVE_WIDTH, curves_of, moments_of
from qa.web.render import PAGE_HEADERS, Who, for_script, is_fragment, page_router, redirect, render
from qa.web.transcript import Mark, shown_turns

router = page_router()

SPEEDS = (0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3)
_BEAT_SHARE = 3
"""The page renews its claim this many times in a lease."""


@router.get("/recordings/{recording_id}")
def call(recording_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """One call. While it is being analysed the page says how far that is."""
    recording = context.services.recordings.get(recording_id, who=who)
    if recording.status is not RunStatus.DONE:
        try:
            context.services.recordings.result(recording.id)
        except NotFoundError:
            return render(request, "call/waiting.html", recording=recording)
    review = _review(context, who, recording.id)
    result = context.services.recordings.result(recording.id, result_id=review.result_id).result
    nonce = secrets.token_urlsafe(16)
    # The waveform keeps its style sheet inside its own shadow tree; the nonce lets that one in and no other.
    policy = f"{PAGE_HEADERS['Content-Security-Policy']}; style-src 'self' 'nonce-{nonce}'"
    return render(
        request,
        "call/call.html",
        headers={"Content-Security-Policy": policy},
        nonce=nonce,
        **_page(context, who, recording, review, result),
    )


@router.get("/recordings/{recording_id}/judgements", dependencies=[require(Right.SEE_RULES)])
def judgements(recording_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """What was found under which versions of the rules, each time the call was judged."""
    recording = context.services.recordings.get(recording_id, who=who)
    found = context.services.recordings.judgements(recording.id, who=who)
    return render(request, "call/judgements.html", recording=recording, judgements=found)


def _review(context: Context, who: Person, recording_id: str) -> ReviewView:
    return context.services.review.closing.view(who, recording_id)


def _page(
    context: Context, who: Person, recording: RecordingView, review: ReviewView, result: Result
) -> dict[str, Any]:
    transcript = result.transcript
    marks = [
        Mark(flag.finding_id, e.turn, e.char_start, e.char_end, flag.severity)
        for flag in review.flags
        for e in flag.evidence
        if e.char_end > e.char_start
    ]
    marks += [
        Mark(v.id, v.turn, v.char_start, v.char_end, v.severity)
        for v in review.added
        if v.turn is not None and v.char_start is not None and v.char_end is not None
    ]
    hidden = context.services.privacy.spans(who, recording.id, review.result_id)
    duration = recording.duration or (transcript.duration if transcript else 0.0)
    lanes = _lanes(result)
    following = context.services.review.queue.peek(who) if review.mine and who.may(Right.REVIEW) else None
    return {
        **_desk(context, who, recording, review),
        "turns": shown_turns(transcript, marks, hidden) if transcript else [],
        "transcript": transcript,
        "duration": duration,
        "curves": curves_of(result.behaviour, duration),
        "curve_box": (CURVE_WIDTH, CURVE_HEIGHT),
        "speeds": SPEEDS,
        "following": following,
        "scene": for_script(
            {
                "audio": f"/api/v1/recordings/{recording.id}/audio?playable=true",
                "peaks": f"/api/v1/recordings/{recording.id}/peaks?per_second=10",
                "duration": duration,
                "lanes": lanes,
                "moments": moments_of(review.flags, result.behaviour, transcript, hidden),
                "beat": (f"/recordings/{recording.id}/beat" if review.mine else None),
                "beat_seconds": context.settings.review.lease_seconds / _BEAT_SHARE,
                "next": following.recording_id if following else None,
            }
        ),
    }


def _desk(context: Context, who: Person, recording: RecordingView, review: ReviewView) -> dict[str, Any]:
    """What the right side of the page needs; all that an act changes."""
    notices: tuple[Any, ...] = ()
    if who.may(Right.SEE_NOTICES):
        notices = context.services.notices.page(who, recording_id=recording.id).items
    return {
        "recording": recording,
        "review": review,
        "notices": notices,
        "may_review": who.may(Right.REVIEW),
        "may_coach": who.may(Right.COACH),
        "may_reveal": who.may(Right.REVEAL),
        "may_lift": who.may(Right.REVEAL) or any(one.person == who.login for one in review.hidings),
        "hiding_kinds": list(HidingKind),
        "reject_reasons": list(RejectReason),
        "severities": list(Severity),
        "rules": sorted({(check.rule, _first(check.label)) for check in review.checks}),
        "outcomes": Outcome,
        "families": ("forbidden", "rude", "step", "complaint", "other"),
    }


def _first(label: dict[str, str]) -> str:
    return label.get("zh-Hans") or next(iter(label.values()), "")


def _lanes(result: Result) -> list[dict[str, object]]:
    """The channels as lanes, the agent's above."""
    transcript = result.transcript
    roles: dict[int, Role] = {}
    speakers: dict[int, set[str]] = {}
    for turn in transcript.turns if transcript else ():
        roles.setdefault(turn.channel, turn.role)
        speakers.setdefault(turn.channel, set()).add(turn.speaker)
    count = result.audio.channels if result.audio else 1
    lanes = [
        {"channel": c, "role": roles.get(c, Role.UNKNOWN) if len(speakers.get(c, ())) <= 1 else Role.UNKNOWN}
        for c in range(count)
    ]
    return sorted(lanes, key=lambda lane: (lane["role"] is not Role.AGENT, lane["channel"]))


def _acted(
    request: Request, context: Context, who: Person, recording_id: str, flag: str | None = None
) -> Response:
    """The desk as it is after an act; without a script, the whole page again, at the flag that it was about."""
    if not is_fragment(request):
        return redirect(f"/recordings/{recording_id}" + (f"#flag-{flag}" if flag else ""))
    recording = context.services.recordings.get(recording_id, who=who)
    review = _review(context, who, recording_id)
    return render(request, "call/call.html", block="desk", **_desk(context, who, recording, review))


def _reloaded(request: Request, recording_id: str) -> Response:
    """The page again: what was said or who said it has changed."""
    path = f"/recordings/{recording_id}"
    return Response(status_code=204, headers={"HX-Redirect": path}) if is_fragment(request) else redirect(path)


Fields = Annotated[FormData, Depends(form_of)]


@router.post("/recordings/{recording_id}/claim")
def claim(recording_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """Take it."""
    context.services.review.queue.claim(who, recording_id)
    return _reloaded(request, recording_id)


@router.post("/recordings/{recording_id}/beat")
def beat(recording_id: str, who: Who, context: ContextDep) -> Response:
    """The page is still open."""
    context.services.review.queue.extend(who, recording_id)
    return Response(status_code=204)


@router.post("/recordings/{recording_id}/release")
def release(recording_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """Give it back; what was said stays."""
    context.services.review.queue.release(who, recording_id)
    return done(request, "/queue", "web_call.released")


@router.post("/recordings/{recording_id}/skip")
def skip(
    recording_id: str, request: Request, who: Who, context: ContextDep, reason: Annotated[str, Form()] = ""
) -> Response:
    """Pass it on."""
    context.services.review.queue.skip(who, recording_id, reason)
    return done(request, "/queue", "web_call.skipped")


@router.post("/recordings/{recording_id}/handover")
def hand_over(
    recording_id: str, request: Request, who: Who, context: ContextDep, login: Annotated[str, Form()] = ""
) -> Response:
    """Give it to somebody."""
    context.services.review.queue.hand_over(who, recording_id, login.strip() or None)
    return done(request, "/queue", "web_call.handed", login=login.strip() or "-")


@router.post("/recordings/{recording_id}/flags/{finding_id}")
def judge(
    recording_id: str, finding_id: str, request: Request, who: Who, context: ContextDep, form: Fields
) -> Response:
    """A verdict on a flag of the machine."""
    outcome = _one_of(VerdictOutcome, form, "outcome")
    if outcome is None:
        raise BadOptionError("review.bad_outcome")
    context.services.review.desk.judge(
        who,
        recording_id,
        finding_id,
        outcome,
        reason=_one_of(RejectReason, form, "reason"),
        note=_text(form, "note"),
        rule=_text(form, "rule") or None,
        severity=_one_of(Severity, form, "severity"),
    )
    return _acted(request, context, who, recording_id, finding_id)


@router.post("/recordings/{recording_id}/flags")
def add_flag(recording_id: str, request: Request, who: Who, context: ContextDep, form: Fields) -> Response:
    """A flag of one's own, at selected words or on the call as a whole."""
    rule, turn = _text(form, "rule"), _text(form, "turn")
    context.services.review.desk.add_flag(
        who,
        recording_id,
        rule=rule if rule and not rule.startswith("family:") else None,
        family=rule.removeprefix("family:") if rule.startswith("family:") else None,
        severity=_one_of(Severity, form, "severity"),
        turn=_number(turn) if turn else None,
        char_start=_number(_text(form, "from") or "0"),
        char_end=_number(_text(form, "to")) if _text(form, "to") else None,
        note=_text(form, "note"),
    )
    return _reloaded(request, recording_id)


@router.post("/recordings/{recording_id}/verdicts/{verdict_id}/withdraw")
def withdraw(recording_id: str, verdict_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """Take back what was said."""
    flag = context.services.review.desk.withdraw(who, recording_id, verdict_id)
    return _acted(request, context, who, recording_id, flag)


@router.post("/recordings/{recording_id}/answers")
def answer(recording_id: str, request: Request, who: Who, context: ContextDep, form: Fields) -> Response:
    """Answer an item of the scorecard or a check that the machine leaves open."""
    points = _text(form, "points")
    try:
        given = float(points) if points else None
    except ValueError:
        raise BadOptionError("web_call.bad_number", given=points[:20]) from None
    context.services.review.desk.answer(
        who, recording_id, _text(form, "kind"), _text(form, "key"), _one_of(Outcome, form, "outcome"), points=given
    )
    return _acted(request, context, who, recording_id)


@router.post("/recordings/{recording_id}/comments")
def comment(recording_id: str, request: Request, who: Who, context: ContextDep, form: Fields) -> Response:
    """A remark on the call, a flag or a turn."""
    turn, flag = _text(form, "turn"), _text(form, "finding") or None
    context.services.review.desk.comment(
        who,
        recording_id,
        _text(form, "text"),
        finding_id=flag,
        turn=_number(turn) if turn else None,
    )
    return _acted(request, context, who, recording_id, flag)


@router.post("/recordings/{recording_id}/comments/{comment_id}/delete")
def delete_comment(
    recording_id: str, comment_id: str, request: Request, who: Who, context: ContextDep
) -> Response:
    """Take one's own remark back."""
    context.services.review.desk.delete_comment(who, recording_id, comment_id)
    return _acted(request, context, who, recording_id)


@router.post("/recordings/{recording_id}/turns/{turn}")
def correct(
    recording_id: str,
    turn: int,
    request: Request,
    who: Who,
    context: ContextDep,
    text: Annotated[str, Form()] = "",
) -> Response:
    """Put a turn's words right; the rules judge again."""
    context.services.review.words.correct(who, recording_id, turn, text)
    return done(request, f"/recordings/{recording_id}", "web_call.corrected")


@router.post("/recordings/{recording_id}/hide")
def hide(recording_id: str, request: Request, who: Who, context: ContextDep, form: Fields) -> Response:
    """Hide selected words that are personal."""
    hidden = context.services.review.hiding.hide(
        who,
        recording_id,
        **_selected(form),
        kind=_one_of(HidingKind, form, "kind") or HidingKind.OTHER,
        reason=_text(form, "reason"),
        everywhere=_text(form, "everywhere") == "true",
    )
    return done(request, f"/recordings/{recording_id}", "web_call.hidden_now", n=len(hidden))


@router.post("/recordings/{recording_id}/lift")
def lift(recording_id: str, request: Request, who: Who, context: ContextDep, form: Fields) -> Response:
    """Show again what is hidden in the selected words."""
    context.services.review.hiding.lift(who, recording_id, **_selected(form), reason=_text(form, "reason"))
    return done(request, f"/recordings/{recording_id}", "web_call.lifted")


@router.post("/recordings/{recording_id}/swap")
def swap(recording_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """Agent and customer the other way round; the rules judge again."""
    context.services.review.words.set_roles(who, recording_id)
    return done(request, f"/recordings/{recording_id}", "web_call.swapped")


@router.post("/recordings/{recording_id}/finalise")
def finalise(
    recording_id: str, request: Request, who: Who, context: ContextDep, then: Annotated[str, Form()] = ""
) -> Response:
    """Make it final, and go on with the next call where that was asked for."""
    reviews = context.services.review
    reviews.closing.finalise(who, recording_id)
    if then != "next":
        return done(request, f"/recordings/{recording_id}", "web_call.finalised")
    following = reviews.queue.next(who)
    return done(request, f"/recordings/{following.recording_id}" if following else "/queue", "web_call.finalised")


@router.post("/recordings/{recording_id}/reopen")
def reopen(
    recording_id: str,
    request: Request,
    who: Who,
    context: ContextDep,
    reason: Annotated[str, Form()] = "",
    newest: Annotated[bool, Form()] = False,
) -> Response:
    """Change what was final; the next version carries the reason."""
    context.services.review.closing.reopen(who, recording_id, reason, newest=newest)
    return _reloaded(request, recording_id)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadOptionError("web_call.bad_number", given=text[:20]) from None


def _selected(form: FormData) -> dict[str, int]:
    """Characters of a turn."""
    return {
        "turn": _number(_text(form, "turn")),
        "start": _number(_text(form, "from")),
        "end": _number(_text(form, "to")),
    }


def _one_of(kind: type[Any], form: FormData, name: str) -> Any:
    given = _text(form, name)
    try:
        return kind(given) if given else None
    except ValueError:
        raise BadOptionError("web_call.bad_choice", given=given[:40]) from None
