"""Figures on behaviour and tone against known truth."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from behaviour_kit import behaviour, recording, voice

from qa.core.errors import InputError, NotFoundError
from qa.core.roles import Role
from qa.evaluate.behaviour import as_json, score_behaviour
from qa.evaluate.families import Counts
from qa.evaluate.tone import auc, correlation, evaluate_tone, read_labelled, reliability
from qa.evaluate.truth import Truth, TruthTurn
from qa.speech.tone_model import tone_model

LONG = "我想问一下我的快递为什么一直没有到"


def _truth(**more: object) -> Truth:
    turns = (
        TruthTurn(Role.CUSTOMER, 1.0, 5.0, LONG, id=0),
        TruthTurn(Role.AGENT, 4.0, 7.0, LONG, id=1),
        TruthTurn(Role.CUSTOMER, 12.0, 15.0, LONG, id=2),
    )
    figures = {
        "talk_time": {"agent": 3.0, "customer": 7.0},
        "silences_ge_3s": ((7.0, 12.0),),
        "overlaps": ((4.0, 5.0, 0, 1),),
    }
    return Truth(id="x", turns=turns, files={}, **{**figures, **more})


CALL = behaviour(recording([(1, 1.0, 5.0, LONG), (0, 4.0, 7.0, LONG), (1, 12.0, 15.0, LONG)], 16))


def test_what_is_measured_right_scores_full_marks() -> None:
    score = score_behaviour(_truth(), CALL)
    assert score is not None
    assert score.silences == Counts(1, 0, 0)
    assert score.interruptions == Counts(1, 0, 0)
    for party in score.parties:
        assert party.talk_error == pytest.approx(0.0, abs=0.03)
        assert party.rate_error == pytest.approx(0.0, abs=0.05)


def test_what_was_not_scripted_is_invented() -> None:
    score = score_behaviour(_truth(silences_ge_3s=(), overlaps=()), CALL)
    assert score is not None
    assert (score.silences.fp, score.interruptions.fp) == (1, 1)


def test_without_behaviour_everything_was_missed() -> None:
    score = score_behaviour(_truth(), None)
    assert score is not None
    assert (score.silences, score.interruptions) == (Counts(0, 0, 1), Counts(0, 0, 1))
    assert as_json([score])["talk_time_error"] == {"mean": None, "worst": None}


def test_a_truth_without_figures_is_not_judged() -> None:
    assert score_behaviour(_truth(overlaps=None), CALL) is None


def test_the_area_and_the_correlation_are_what_they_are_called() -> None:
    positive = np.array([False, False, True, True])
    assert auc(positive, np.array([0.1, 0.4, 0.35, 0.8], np.float32)) == pytest.approx(0.75)
    assert auc(np.array([True]), np.array([1.0], np.float32)) is None
    assert correlation(np.array([1.0, 2.0, 3.0]), np.array([1, 4, 9], np.float32)) == pytest.approx(1.0)
    (part,) = reliability(positive, np.full(4, 0.5, np.float32))
    assert (part.pieces, part.given, part.true) == (4, 0.5, 0.5)


def test_a_folder_of_emotions_is_measured_under_every_condition(tmp_path: Path) -> None:
    lines = ["file\tspeaker\temotion"]
    for index, emotion in enumerate(("anger", "neutral", "sadness", "neutral", "anger", "neutral")):
        pitch = 170.0 if emotion == "anger" else 120.0
        soundfile.write(tmp_path / f"{index}.wav", voice(2.0, pitch, index), 16000)
        lines.append(f"{index}.wav\tone\t{emotion}")
    (tmp_path / "manifest.tsv").write_text("\n".join(lines) + "\n")
    scores = evaluate_tone(tmp_path, tone_model())
    assert [s.condition for s in scores] == ["clean", "telephone", "gain", "telephone+gain"]
    assert all(s.pieces == 6 and s.too_short == 0 and s.anger_auc is not None for s in scores)


def test_a_manifest_without_emotions_is_said_to_lack_them(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_labelled(tmp_path)
    (tmp_path / "manifest.tsv").write_text("file\ttranscript\n")
    with pytest.raises(InputError):
        read_labelled(tmp_path)
