"""The voice that sees: lengths exact to the frame, conditions that matter only where they are asked for, refusals in sentences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import Cancelled, EngineFailed, EngineUnavailable
from studio.domain.line import VoiceRef
from studio.domain.reference_voice import Consent, ReferenceVoice
from studio.domain.settings import Guidance
from studio.engines.protocols import Audio
from studio.engines.voice_protocols import FaceStreams, GuidedText, JudgesSpeech, Recording, SeesFace, SpeaksMany, VoiceGuide
from studio.engines.syncvoice import SyncVoiceSetup, SyncVoiceSpeaker
from studio.engines.syncvoice_places import Whereabouts
from studio.engines.syncvoice_voice import Recordings
from tests.tiny_models import make_voice
from tests.tiny_voices import make_voiceprint

RATE_HZ, HOP = 24_000, 256
TEXT = "she said so, and we all heard it"
VOICE = VoiceRef("syncvoice", "tiny")


def speaker(folder: Path, **setup: object) -> SyncVoiceSpeaker:
    where = Whereabouts(named=folder, with_installed=False)
    return SyncVoiceSpeaker(SyncVoiceSetup(lambda text, language: text, where, **setup))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_voice(tmp_path_factory.mktemp("voices") / "tiny")


@pytest.fixture(scope="module")
def engine(tiny: Path) -> SyncVoiceSpeaker:
    return speaker(tiny)


def guide(**changes: object) -> VoiceGuide:
    return replace(VoiceGuide(Guidance(), steps=2, seed=3, span_ms=2000, slot_ms=2000), **changes)


def talking_face(frames: int = 90, *, seed: int = 0, seen: slice = slice(None)) -> FaceStreams:
    draw = np.random.default_rng(seed)
    points = 100 + 40 * draw.random((1, 45, 2)) + 3 * draw.random((frames, 45, 2))
    is_seen = np.zeros(frames, bool)
    is_seen[seen] = True
    return FaceStreams(points.astype(np.float32), draw.integers(0, 255, (frames, 64, 64), dtype=np.uint8), is_seen, -1000.0)


def said(engine: SyncVoiceSpeaker, told: VoiceGuide, text: str = TEXT, voice: VoiceRef = VOICE) -> np.ndarray:
    return engine.seeing(told).speak(text, "en", voice).audio.samples


def hum(seconds: float, hz: float = 120.0, rate_hz: int = 16_000) -> Audio:
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = sum(np.sin(2 * np.pi * hz * k * time_s) / k for k in range(1, 12))
    return Audio((0.1 * tone * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time_s))).astype(np.float32), rate_hz)


def test_it_keeps_every_promise_of_a_voice_that_sees(engine: SyncVoiceSpeaker) -> None:
    assert isinstance(engine, SeesFace)
    assert isinstance(engine, SpeaksMany)
    assert isinstance(engine, JudgesSpeech)
    assert engine.available().is_available
    assert [info.ref for info in engine.voices("en")] == [VOICE]
    assert engine.voices("fr") == ()


@pytest.mark.parametrize(("asked_ms", "frames"), [(2000, 188), (2500, 234), (1001, 94), (3333, 312)])
def test_a_take_has_the_frames_asked_for(engine: SyncVoiceSpeaker, asked_ms: int, frames: int) -> None:
    assert len(said(engine, guide(span_ms=asked_ms, slot_ms=asked_ms))) == frames * HOP


def test_words_that_crowd_their_line_borrow_from_the_gap_behind_it(engine: SyncVoiceSpeaker) -> None:
    own, borrowed = (len(said(engine, guide(span_ms=1300, slot_ms=slot_ms))) for slot_ms in (1300, 1500))
    assert own == 122 * HOP
    assert own < borrowed <= 141 * HOP


def test_a_short_text_is_not_drawled_over_a_long_line(engine: SyncVoiceSpeaker) -> None:
    samples = said(engine, guide(span_ms=6000, slot_ms=6000), "no.")
    assert len(samples) == 563 * HOP
    assert not samples[RATE_HZ:].any()
    assert samples[: RATE_HZ // 10].any()


def test_without_a_line_a_text_lasts_its_natural_time(engine: SyncVoiceSpeaker) -> None:
    assert len(said(engine, guide(span_ms=None, slot_ms=None))) == pytest.approx(0.06 * len(TEXT) * RATE_HZ, abs=HOP)
    hurried = said(engine, guide(span_ms=None, slot_ms=None), voice=replace(VOICE, rate_ratio=1.25))
    assert len(hurried) == pytest.approx(0.048 * len(TEXT) * RATE_HZ, abs=HOP)


def test_a_text_too_long_for_its_slot_is_refused_with_the_least_that_would_do(engine: SyncVoiceSpeaker) -> None:
    with pytest.raises(EngineFailed, match=r"needs at least \d+\.\d s and the slot has 1\.0 s"):
        said(engine, guide(span_ms=1000, slot_ms=1000), TEXT * 10)


@pytest.mark.parametrize(("text", "told"), [("", "no text to say"), ("…!?", "words"), ("was heißt das", "“ß”"), ("мама", "“м”")])
def test_what_cannot_be_read_is_named(engine: SyncVoiceSpeaker, text: str, told: str) -> None:
    with pytest.raises(EngineFailed, match=told):
        said(engine, guide(), text)


def test_a_mark_the_voice_was_not_taught_is_a_pause_all_the_same(engine: SyncVoiceSpeaker) -> None:
    assert np.array_equal(said(engine, guide(), "she said so!"), said(engine, guide(), "she said so."))


def test_zero_scales_are_the_plain_voice_bit_for_bit(engine: SyncVoiceSpeaker) -> None:
    plain = said(engine, guide())
    assert np.array_equal(said(engine, guide(face=talking_face())), plain)
    assert np.array_equal(said(engine, guide(face=talking_face(), scales=Guidance(0.0, 0.0))), plain)


def test_a_face_changes_the_take_as_far_as_its_scales_say(engine: SyncVoiceSpeaker) -> None:
    face, plain = talking_face(), said(engine, guide())
    by_face, by_lips = (said(engine, guide(face=face, scales=scales)) for scales in (Guidance(1.0, 0.0), Guidance(0.0, 1.0)))
    assert not np.array_equal(by_face, plain)
    assert not np.array_equal(by_lips, plain)
    assert not np.array_equal(by_face, by_lips)
    hidden = said(engine, guide(face=talking_face(seen=slice(0, 0)), scales=Guidance(1.0, 1.0)))
    assert np.array_equal(hidden, plain)


def test_the_same_seed_says_a_line_alike_and_another_does_not(engine: SyncVoiceSpeaker) -> None:
    assert np.array_equal(said(engine, guide()), said(engine, guide()))
    assert not np.array_equal(said(engine, guide()), said(engine, guide(seed=4)))


def test_a_line_said_among_others_is_the_line_said_alone(engine: SyncVoiceSpeaker) -> None:
    texts = [GuidedText(TEXT, "en", VOICE, guide(span_ms=ms, slot_ms=ms, seed=ms)) for ms in (1510, 2500, 2000)]
    texts.insert(1, GuidedText("ß", "en", VOICE, guide()))
    together = engine.speak_many(texts)
    assert isinstance(together[1], EngineFailed)
    for asked, made in zip([texts[0], *texts[2:]], [together[0], *together[2:]], strict=True):
        alone = said(engine, asked.guide)
        assert made.audio.samples.shape == alone.shape
        assert float(np.sqrt(np.mean((made.audio.samples - alone) ** 2))) < 1e-2 * float(np.sqrt(np.mean(alone**2)))


def test_all_points_of_a_grid_of_scales_go_in_one_call(engine: SyncVoiceSpeaker, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.load()
    voice = next(iter(engine._held.values())).now
    say, asked = voice.synthesizer.say, []
    monkeypatch.setattr(voice.synthesizer, "say", lambda lines, *rest, **more: (asked.append(len(lines)), say(lines, *rest, **more))[1])
    grid = [Guidance(face, lip) for face in (0.0, 1.0) for lip in (0.0, 1.0)]
    made = engine.speak_many([GuidedText(TEXT, "en", VOICE, guide(face=talking_face(), scales=scales)) for scales in grid])
    assert asked == [4]
    assert len({one.audio.samples.tobytes() for one in made}) == 4


def test_pauses_are_drawn_where_the_source_pauses(engine: SyncVoiceSpeaker) -> None:
    told = guide(speech=((0, 900), (1400, 2000)), scales=Guidance(pause_scale=1.0))
    paused = said(engine, told)
    assert len(paused) == 188 * HOP
    assert not np.array_equal(paused, said(engine, guide()))


def test_a_cancelled_line_stops(engine: SyncVoiceSpeaker) -> None:
    with pytest.raises(Cancelled):
        engine.speak_many([GuidedText(TEXT, "en", VOICE, guide())], lambda: True)


def test_likelihoods_are_one_number_per_take_and_always_the_same(engine: SyncVoiceSpeaker) -> None:
    takes = [Audio(said(engine, guide(seed=seed)), RATE_HZ) for seed in (1, 2)]
    found = engine.likelihoods(f"{TEXT}!", "en", VOICE, takes)
    assert len(found) == 2
    assert found == engine.likelihoods(f"{TEXT}.", "en", VOICE, takes)
    assert found[0] != found[1]


def test_a_published_voice_continues_a_recording_and_wants_its_words(tmp_path: Path) -> None:
    engine = speaker(make_voice(tmp_path / "tiny", is_public=True))
    like = guide(reference=Recording(hum(2.5), "what was said"))
    assert len(said(engine, like)) == 188 * HOP
    assert not np.array_equal(said(engine, like), said(engine, guide()))
    with pytest.raises(EngineFailed, match="must know its words"):
        said(engine, guide(reference=Recording(hum(2.5))))
    known, unknown = (ReferenceVoice(name, "Ada", "b.wav", 2500, Consent("Ada"), words) for name, words in (("a1", "hello"), ("b2", "")))
    assert [info.ref.voice for info in engine.cloned((known, unknown), "en")] == ["tiny@a1"]


def test_a_voice_whose_files_change_is_another_voice(tmp_path: Path) -> None:
    engine = speaker(make_voice(tmp_path / "tiny"))
    before = engine.voice_version(VOICE)
    assert len(before) == 16
    assert engine.voice_version(VOICE) == before
    make_voice(tmp_path / "tiny", seed=1)
    assert engine.voice_version(VOICE) != before
    assert speaker(make_voice(tmp_path / "elsewhere" / "tiny", seed=1)).voice_version(VOICE) == engine.voice_version(VOICE)


def test_without_a_voice_the_command_that_fetches_one_is_named(tmp_path: Path) -> None:
    engine = SyncVoiceSpeaker(SyncVoiceSetup(lambda text, language: text, Whereabouts(shelf=tmp_path, with_installed=False)))
    verdict = engine.available()
    assert not verdict.is_available
    assert "python -m studio models pull zipvoice" in verdict.why
    assert str(tmp_path) in verdict.why
    with pytest.raises(EngineUnavailable, match="models pull zipvoice"):
        engine.load()
    make_voice(tmp_path / "mine")
    engine._scanned_s = None
    assert [info.ref.voice for info in engine.voices("en")] == ["mine"]


def test_a_named_folder_that_is_no_voice_says_so(tmp_path: Path) -> None:
    verdict = speaker(tmp_path).available()
    assert not verdict.is_available
    assert "LIPLINE_VOICE" in verdict.why


def test_weights_that_do_not_fit_are_told_by_their_first_key(tmp_path: Path, tiny: Path) -> None:
    from models.checkpoint import read_tensors, write_tensors

    folder = make_voice(tmp_path / "tiny")
    tensors = read_tensors(folder / "model.safetensors")
    tensors.pop("backbone.embed.weight")
    write_tensors(folder / "model.safetensors", tensors)
    with pytest.raises(EngineUnavailable, match=r"backbone\.embed\.weight"):
        speaker(folder).load()


def test_what_memory_cannot_hold_is_said_in_smaller_parts_and_told(engine: SyncVoiceSpeaker, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    engine.load()
    voice = next(iter(engine._held.values())).now
    say, asked = voice.synthesizer.say, []

    def scarce(utterances: list, *rest: object, **more: object) -> list:
        asked.append(len(utterances))
        if len(utterances) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return say(utterances, *rest, **more)

    monkeypatch.setattr(voice.synthesizer, "say", scarce)
    texts = [GuidedText(TEXT, "en", VOICE, guide(seed=seed)) for seed in range(5)]
    made = engine.speak_many(texts)
    assert asked == [5, 2, 2, 1]
    assert all(len(one.audio.samples) == 188 * HOP for one in made)
    assert any("Memory ran short" in sentence for sentence in engine.notices())


def test_where_not_even_one_line_fits_the_sentence_says_what_to_do(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = speaker(tiny)
    engine.load()
    voice = next(iter(engine._held.values())).now

    def full(*_: object, **__: object) -> list:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:114] . DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(voice.synthesizer, "say", full)
    with pytest.raises(EngineFailed, match="even for one line"):
        said(engine, guide())


def test_a_voice_that_memory_cannot_hold_is_said(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from models.speech import synthesis

    def full(*_args: object, **_options: object) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    monkeypatch.setattr(synthesis, "Synthesizer", full)
    with pytest.raises(EngineUnavailable, match="the memory of cpu does not suffice to open it"):
        speaker(tiny).load()


def test_a_speaker_encoder_that_memory_cannot_hold_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from models.speech import frozen_speaker

    def full(_path: Path) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(frozen_speaker, "open_frozen_speaker", full)
    with pytest.raises(EngineUnavailable, match="memory does not suffice to open the speaker encoder"):
        Recordings(tmp_path / "encoder.pt").print_of(hum(1.0))


def test_an_idle_voice_is_let_go_and_opened_again(tiny: Path) -> None:
    engine = speaker(tiny, idle_release_s=0.05)
    before = said(engine, guide())
    for _ in range(100):
        if not engine._setup.budget.held():
            break
        engine._timer.join(0.05)
    assert not engine._setup.budget.held()
    assert np.array_equal(said(engine, guide()), before)


@pytest.mark.parametrize("first_frame_ms", [400.0, 3000.0])
def test_a_face_that_comes_into_the_picture_late_leads_the_voice_from_then_on(engine: SyncVoiceSpeaker, first_frame_ms: float) -> None:
    face = replace(talking_face(), first_frame_ms=first_frame_ms)
    by_face, plain = (said(engine, guide(face=shown, scales=Guidance(1.0, 1.0))) for shown in (face, None))
    assert len(by_face) == len(plain)
    assert np.array_equal(by_face, plain) == (first_frame_ms >= 2000)


def test_a_voice_that_is_gone_from_its_folder_is_never_spoken_by_another(engine: SyncVoiceSpeaker) -> None:
    with pytest.raises(EngineFailed, match="no voice “robin” any more"):
        said(engine, guide(), voice=VoiceRef("syncvoice", "tiny/robin"))


def test_a_voice_that_brings_its_speaker_encoder_hears_recordings_with_it(tmp_path: Path) -> None:
    from tests.models.speech.test_frozen_speaker import make_campplus

    place, sound = make_campplus(tmp_path / "speaker"), Audio(np.random.default_rng(0).normal(0, 0.1, 24_000).astype(np.float32), 24_000)
    recordings = Recordings(make_voiceprint(tmp_path / "print.safetensors"))
    assert recordings.likeness(sound, place).voice.shape == (192,)
    assert recordings.likeness(sound).voice.shape == (256,)


def test_a_recording_heard_by_another_speaker_encoder_is_refused_with_both_widths(engine: SyncVoiceSpeaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.models.speech.test_frozen_speaker import make_campplus

    sound = Audio(np.random.default_rng(0).normal(0, 0.1, 24_000).astype(np.float32), 24_000)
    monkeypatch.setattr(engine, "_recordings", Recordings(make_campplus(tmp_path / "speaker", 512) / "campplus.safetensors"))
    with pytest.raises(EngineFailed, match=r"trained with a speaker encoder \d+ wide, and the one here gives 512"):
        said(engine, guide(reference=Recording(sound, "")))


def test_features_of_the_users_own_lead_the_voice_in_place_of_the_mouths(engine: SyncVoiceSpeaker) -> None:
    face = talking_face()
    engine.load()
    wide = next(iter(engine._held.values())).now.synthesizer.net.config.lip_dim
    own = replace(face, lip_features=np.random.default_rng(2).normal(size=(len(face.is_seen), wide)).astype(np.float32))
    by_mouths, by_features = (said(engine, guide(face=shown, scales=Guidance(0.0, 2.0))) for shown in (face, own))
    assert not np.array_equal(by_mouths, by_features)
    with pytest.raises(EngineFailed, match=r"lip features \d+ wide, and these are 3 wide"):
        said(engine, guide(face=replace(face, lip_features=np.zeros((len(face.is_seen), 3), np.float32)), scales=Guidance(0.0, 1.0)))


def test_a_lip_encoder_of_another_width_is_refused_with_both_widths(tmp_path: Path) -> None:
    from models.speech.lip_encoder import LipEncoder, LipEncoderConfig, save_lip_encoder

    folder = make_voice(tmp_path / "odd")
    save_lip_encoder(LipEncoder(LipEncoderConfig(channels=(8, 8, 8, 8), hidden=8, width=32)), folder / "lips")
    with pytest.raises(EngineUnavailable, match="64 wide.*gives 32"):
        speaker(folder).load()
