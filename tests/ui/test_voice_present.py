"""Reference voices on the page: whose they are, under which key a speaker gets them, and why none can be used."""

from __future__ import annotations

from studio.domain.bench import Sight, VoiceSight
from studio.domain.line import SpeakerProfile, VoiceRef
from studio.domain.reference_voice import STATEMENT, Consent, ReferenceVoice
from studio.engines.voice_protocols import VoiceInfo
from studio.ui.voice_present import voices_view
from tests.bench_fakes import MISSING, SEES

ADA = ReferenceVoice("r1", "Ada, warm", "blob", 4200, Consent("Ada Example"), "one two")
CLONE = VoiceInfo(VoiceRef("seer", "en@r1"), "Ada, warm", "en")


def test_a_recording_shows_its_owner_and_the_voice_made_of_it() -> None:
    speaker = SpeakerProfile("s", "Tom", VoiceRef("seer", "en@r1"))
    view = voices_view((ADA,), (speaker,), (CLONE,), SEES)
    shown = view.references[0]
    assert (shown.whose, shown.statement, shown.voice, shown.is_own) == ("Ada Example", STATEMENT, "seer/en@r1", False)
    assert view.cast[0].voice == shown.voice and view.statement == STATEMENT and view.blocked == ""


def test_a_recording_no_engine_takes_has_no_key() -> None:
    assert voices_view((ADA,), (), (), SEES).references[0].voice == ""


def test_where_nothing_can_speak_like_a_recording_the_form_says_why() -> None:
    assert "syncvoice cannot run yet" in voices_view((), (), (), MISSING).blocked
    assert "No speech engine" in voices_view((), (), (), VoiceSight(Sight.RETIMED, "espeak")).blocked
    assert voices_view((), (), (), VoiceSight(Sight.RETIMED, "espeak", "ready", "seer", True)).blocked == ""
