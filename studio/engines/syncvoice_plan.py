"""From a line to what the net is asked: tokens, frames, pauses, face, voice. Refuses what cannot be said, with the reason.

Enters a text under its guide and how long it would naturally last; leaves utterances whose frames add up to exactly what was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from studio.domain.errors import EngineFailed
from studio.domain.line import Estimate
from studio.engines.voice_protocols import GuidedText, VoiceGuide
from studio.engines.syncvoice_voice import NAME, Continued, Likeness, OpenVoice, Recordings, continued

if TYPE_CHECKING:
    import numpy as np

    from models.speech.guidance import Scales
    from models.speech.synthesis import Utterance
    from models.speech.token_durations import TimedTokens
    from models.speech.tokens import Tokenizer

FASTEST_RATIO, SLOWEST_RATIO = 1.25, 0.8
"""Words alone fill the line's own time within these rates; beyond, the gap after the line is used, or silence follows."""
PASSAGE_FRAMES = 1875  # 20 s: longer lines are said in passages
FRAMES_PER_S = 93.75
PLAIN_MARKS = (".", ",")


@dataclass(frozen=True, slots=True)
class Planned:
    """Utterances to be said one after the other, then `silent_frames` of nothing. `gain_ratio`: divide the sound by it."""

    utterances: tuple[Utterance, ...]
    silent_frames: int
    scales: Scales
    steps: int
    gain_ratio: float = 1.0

    @property
    def frames(self) -> int:
        """The most that one of its calls takes, prompt and all."""
        return max(one.frames + (0 if one.prompt is None else len(one.prompt.mel)) for one in self.utterances)


def planned(voice: OpenVoice, asked: GuidedText, natural: Estimate, recordings: Recordings) -> Planned:
    """What to ask the net for one line. Raises EngineFailed where the text cannot be read or does not fit its time."""
    from models.speech.token_durations import SlotTooShort
    from models.speech.tokens import UnspeakableText

    tokenizer = voice.tokenizer(asked.language)
    try:
        tokens = tokens_of(voice, tokenizer, asked.text)
        frames = _frames(tokens, asked.guide, natural.total_ms)
    except (UnspeakableText, SlotTooShort) as error:
        raise EngineFailed(NAME, str(error)) from error
    after = _continued(voice, asked.guide, tokenizer)
    sounding = min(frames, _longest(asked.guide, natural.total_ms))
    whole = _whole(voice, asked, tokens, sounding, recordings)
    whole = whole if after is None else replace(whole, prompt=after.prompt)
    scales = _scales(voice, asked.guide)
    return Planned(tuple(_passages(whole)), frames - sounding, scales, asked.guide.steps, 1.0 if after is None else after.gain_ratio)


def tokens_of(voice: OpenVoice, tokenizer: Tokenizer, text: str) -> tuple[str, ...]:
    """Raises UnspeakableText for an empty text, for characters of another script, and for tokens the voice was not taught. A clause mark
    that it was not taught becomes one that it was: both are a pause, and no sound is lost."""
    from models.speech.passages import closed
    from models.speech.tokens import CLAUSE_ENDS, SPACE

    table = voice.synthesizer.bundle.table
    mark = next((one for one in PLAIN_MARKS if one in table), SPACE)
    cut = tokenizer.tokens(closed(text) if voice.place.is_public else text)
    tokens = tuple(mark if token in CLAUSE_ENDS and token not in table else token for token in cut)
    table.ids(tokens)
    return tokens


def _frames(tokens: Sequence[str], guide: VoiceGuide, natural_ms: int) -> int:
    """Frames of the whole take: the line's own time where its words fit, up to the slot where they do not; without a line, natural time."""
    from models.speech.token_durations import least_frames, require_room, slot_frames
    from models.speech.tokens import word_spans

    spoken = sum(len(span) for span in word_spans(tokens) if span.is_word)
    if guide.span_ms is None:
        return max(slot_frames(natural_ms), least_frames(spoken), 1)
    slot_ms = guide.span_ms if guide.slot_ms is None else max(guide.span_ms, guide.slot_ms)
    require_room(spoken, slot_ms)
    hurried_ms = round(natural_ms / FASTEST_RATIO)
    return max(least_frames(spoken), slot_frames(min(slot_ms, max(guide.span_ms, hurried_ms))))


def _longest(guide: VoiceGuide, natural_ms: int) -> int:
    """Frames that words fill at most: where neither face nor pauses say otherwise, nobody drawls."""
    from models.speech.token_durations import slot_frames

    is_free = guide.face is None and guide.speech is None
    return max(1, slot_frames(round(natural_ms / SLOWEST_RATIO))) if is_free and guide.span_ms is not None else 1 << 30


def _whole(voice: OpenVoice, asked: GuidedText, tokens: tuple[str, ...], frames: int, recordings: Recordings) -> Utterance:
    from models.speech.synthesis import Utterance

    guide = asked.guide
    like = _like(voice, asked, recordings)
    face = guide.face
    wants_lips = guide.scales.lip_scale > 0
    # lips alone still stand on the face in the nested form: what is added is v(t,f,l) − v(t,f)
    seen = None if face is None else voice.seen(face, wants_face=wants_lips or guide.scales.face_scale > 0, wants_lips=wants_lips)
    speech = _speech(guide, frames)
    return Utterance(
        tokens, frames, None if speech is None else _timed(tokens, speech), None if like is None else like.voice,
        None if like is None else like.reference, seen, speech, None, guide.seed,
    )  # fmt: skip


def _like(voice: OpenVoice, asked: GuidedText, recordings: Recordings) -> Likeness | None:
    """Whose voice: the recording's, the one named, the first where none is named, or nobody's where the voice knows none. Raises EngineFailed
    for a name that is not known any more: nobody is to speak with somebody else's voice."""
    if voice.place.is_public:
        return None
    if asked.guide.reference is not None:
        return _fitting(voice, recordings.likeness(asked.guide.reference.audio, voice.place.speaker))
    _, mark, name = asked.voice.voice.partition("@")[0].partition("/")
    if mark and name not in voice.named:
        raise EngineFailed(NAME, f"{voice.place.label} has no voice “{name}” any more; choose another for the line.")
    return voice.named[name] if mark else next(iter(voice.named.values()), None)


def _fitting(voice: OpenVoice, like: Likeness) -> Likeness:
    """Raises EngineFailed where the recording was heard by another speaker encoder than the voice was trained with."""
    wanted = voice.synthesizer.net.config.speaker.frozen_dim
    if len(like.voice) != wanted:
        raise EngineFailed(NAME, f"{voice.place.label} was trained with a speaker encoder {wanted} wide, and the one here gives {len(like.voice)}; put the one it was trained with into {voice.place.folder / 'speaker'}.")
    return like


def _continued(voice: OpenVoice, guide: VoiceGuide, tokenizer: Tokenizer) -> Continued | None:
    return continued(guide.reference, tokenizer) if voice.place.is_public and guide.reference is not None else None


def _scales(voice: OpenVoice, guide: VoiceGuide) -> Scales:
    """Scales of what is there; a voice that never saw faces keeps its own, and a branch without a stream costs nothing. A distilled voice takes
    the scale of the words as an input, three times as large at its own default (papers §4.7)."""
    from models.speech.guidance import GuidanceForm, Scales
    from models.speech.zipvoice import BASE_GUIDANCE_SCALE, DISTILLED_GUIDANCE_SCALE

    scales, sees = guide.scales, guide.face is not None and not voice.place.is_public
    pause = scales.pause_scale if guide.speech is not None and not voice.place.is_public else 0.0
    lip = scales.lip_scale if sees and voice.reads_lips(guide.face) else 0.0
    words = scales.text_scale * (DISTILLED_GUIDANCE_SCALE / BASE_GUIDANCE_SCALE if _is_distilled(voice) else 1.0)
    return Scales(words, pause, scales.face_scale if sees else 0.0, lip, GuidanceForm(guide.form))


def _is_distilled(voice: OpenVoice) -> bool:
    return voice.synthesizer.bundle.net.config.is_distilled


def _speech(guide: VoiceGuide, frames: int) -> np.ndarray | None:
    """Per frame whether there is to be speech; None where no pauses are asked for, or nothing would be left to speak in."""
    import numpy as np

    if guide.speech is None:
        return None
    wanted = np.zeros(frames, bool)
    for start_ms, end_ms in guide.speech:
        wanted[round(start_ms * FRAMES_PER_S / 1000) : round(end_ms * FRAMES_PER_S / 1000)] = True
    return wanted if wanted.any() else None


def _timed(tokens: tuple[str, ...], speech: np.ndarray) -> TimedTokens | None:
    """Words laid into the stretches of speech, each in proportion to its tokens, none across a pause. None, that is evenly, where the
    stretches are too short for the words."""
    import numpy as np

    from models.speech.token_durations import WordTime, least_frames, timed_by_words
    from models.speech.tokens import word_spans

    words = [span for span in word_spans(tokens) if span.is_word]
    if int(speech.sum()) < least_frames(sum(map(len, words))):
        return None
    edges = np.flatnonzero(np.diff(np.concatenate([[0], speech.astype(np.int8), [0]]))).reshape(-1, 2)
    before = np.concatenate([[0], np.cumsum(edges[:, 1] - edges[:, 0])])
    sizes = np.array([len(word) for word in words], float)
    middles = (np.cumsum(sizes) - sizes / 2) / sizes.sum() * before[-1]
    homes = np.clip(np.searchsorted(before, middles, side="right") - 1, 0, len(edges) - 1)
    times: list[WordTime] = []
    for home in range(len(edges)):
        own = sizes[homes == home]
        borders = edges[home, 0] + np.concatenate([[0], np.cumsum(own)]) / max(own.sum(), 1.0) * (edges[home, 1] - edges[home, 0])
        times += [WordTime(start / FRAMES_PER_S, end / FRAMES_PER_S) for start, end in zip(borders[:-1], borders[1:], strict=True)]
    return timed_by_words(tokens, words, times, len(speech))


def _passages(whole: Utterance) -> list[Utterance]:
    """The utterance, or, where it is too long for one call, its clauses, with frames in proportion; each continues the same picture."""
    from models.speech.passages import passages_of

    if whole.frames <= PASSAGE_FRAMES or whole.timed is not None:
        return [whole]
    most = max(1, len(whole.tokens) * PASSAGE_FRAMES // whole.frames)
    parts = passages_of(whole.tokens, most)
    borders = [0]
    for part in parts:
        borders.append(borders[-1] + len(part))
    at = [round(whole.frames * border / len(whole.tokens)) for border in borders]
    return [_passage(whole, tuple(part), start, end) for part, start, end in zip(parts, at[:-1], at[1:], strict=True)]


def _passage(whole: Utterance, tokens: tuple[str, ...], start: int, end: int) -> Utterance:
    seen = None if whole.seen is None else replace(whole.seen, start_s=whole.seen.start_s + start / FRAMES_PER_S)
    speech = None if whole.speech is None else whole.speech[start:end]
    return replace(whole, tokens=tokens, frames=end - start, seen=seen, speech=speech)
