"""What a media file is: a path goes in, `MediaInfo` comes out, or `BadMedia` with the one sentence that helps.

The content decides, never the name. Times count from the earliest picture or sound in the file, as players show them.
A new note about a file is one line in `_notes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from studio.domain.errors import BadMedia
from studio.domain.language import ISO_639_2
from studio.domain.media import AudioTrack, MediaInfo, VideoTrack
from studio.domain.settings import Limits
from studio.domain.timing import clock
from studio.media.scan import Contents, StreamFacts, scan
from studio.media.sniff import Kind, Refusal, sniff

_OVERHANG_MS = 250
"""Sound this little longer than the picture is padding of the encoder; beyond it the programme runs on to its end."""
_MAX_PICTURE_PX = 8192 * 8192
"""Decoding one picture of this size takes some 100 MB; a header that claims more is hostile or of no use."""
_BIBLIOGRAPHIC = {
    "chi": "zh", "cze": "cs", "dut": "nl", "fre": "fr", "ger": "de", "gre": "el", "may": "ms", "per": "fa", "rum": "ro", "slo": "sk",
}  # fmt: skip
_BY_ISO_639_2 = {long: short for short, long in ISO_639_2.items()} | _BIBLIOGRAPHIC


@dataclass(frozen=True, slots=True)
class _Lengths:
    picture_ms: int | None
    sound_ms: int | None

    @property
    def programme_ms(self) -> int:
        picture_ms, sound_ms = self.picture_ms or 0, self.sound_ms or 0
        return picture_ms if picture_ms and sound_ms <= picture_ms + _OVERHANG_MS else max(picture_ms, sound_ms)


def probe(path: Path, *, name: str, limits: Limits = Limits()) -> MediaInfo:  # noqa: B008 - Limits is frozen
    """Probe a file that the person calls `name`. Raises BadMedia."""
    kind = _kind(path, name, limits)
    contents = scan(path, kind, name)
    video = _first_picture(contents)
    sounds = _sounds(contents)
    if video is None and not sounds:
        raise BadMedia(name, _nothing_to_dub(contents))
    if video is not None and video.width_px * video.height_px > _MAX_PICTURE_PX:
        raise BadMedia(name, f"its picture has {video.width_px} × {video.height_px} pixels, more than the studio can hold. Scale it down.")
    lengths = _lengths(video, list(sounds.values()))
    if lengths.programme_ms <= 0:
        raise BadMedia(name, "nothing in it can be played; it is damaged or broken off. Export or download it again.")
    if lengths.programme_ms > limits.max_media_ms:
        raise BadMedia(name, f"it lasts {clock(lengths.programme_ms)}, and the limit is {clock(limits.max_media_ms)}. Cut it into parts.")
    return MediaInfo(
        container=kind.container if kind.demuxer else contents.demuxer,
        duration_ms=lengths.programme_ms,
        size_bytes=path.stat().st_size,
        video=None if video is None else _video_track(video),
        audio=tuple(_audio_track(index, facts) for index, facts in sounds.items()),
        text_track_count=sum(facts.type == "subtitle" for facts in contents.streams),
        notes=tuple(_notes(name, kind, contents, lengths, video)),
    )


def _kind(path: Path, name: str, limits: Limits) -> Kind:
    try:
        size_bytes, kind = path.stat().st_size, sniff(path)
    except OSError as error:
        raise BadMedia(name, f"it cannot be read ({error.strerror}).") from error
    if size_bytes > limits.max_media_bytes:
        raise BadMedia(name, f"it has {size_bytes / 2**30:.1f} GiB, and the limit is {limits.max_media_bytes / 2**30:.0f} GiB.")
    if isinstance(kind, Refusal):
        raise BadMedia(name, kind.reason)
    return kind


def _first_picture(contents: Contents) -> StreamFacts | None:
    return next((facts for facts in contents.streams if facts.type == "video" and not facts.is_cover and facts.packet_count), None)


def _sounds(contents: Contents) -> dict[int, StreamFacts]:
    """Sound streams that hold something, by their place among all sound streams, which is how ffmpeg counts them."""
    tracks = [facts for facts in contents.streams if facts.type == "audio"]
    return {index: facts for index, facts in enumerate(tracks) if facts.packet_count and facts.rate_hz}


def _nothing_to_dub(contents: Contents) -> str:
    if any(facts.type == "subtitle" for facts in contents.streams):
        return "it holds only subtitles, no picture and no sound. Upload the film, and the subtitles beside it."
    if any(facts.is_cover for facts in contents.streams):
        return "it holds only a cover picture, no film and no sound."
    return "it holds neither picture nor sound that can be played."


def _lengths(video: StreamFacts | None, sounds: list[StreamFacts]) -> _Lengths:
    ends = [facts.end_ms for facts in sounds]
    return _Lengths(None if video is None else video.end_ms, max(ends, default=None))


def _video_track(facts: StreamFacts) -> VideoTrack:
    return VideoTrack(
        codec=facts.codec,
        width_px=facts.width_px,
        height_px=facts.height_px,
        fps=facts.fps or Fraction(25),
        is_variable_rate=facts.is_variable_rate,
        rotation_deg=facts.rotation_deg,
        frame_count=facts.packet_count if facts.is_counted else None,
    )


def _audio_track(index: int, facts: StreamFacts) -> AudioTrack:
    tag = (facts.language or "").lower()
    return AudioTrack(
        index=index,
        codec=facts.codec,
        rate_hz=facts.rate_hz,
        channels=facts.channels,
        language=None if tag in ("", "und") else _BY_ISO_639_2.get(tag, tag),
        title=facts.title,
        is_default=facts.is_default,
        start_ms=max(0, facts.start_ms),
    )


def _notes(name: str, kind: Kind, contents: Contents, lengths: _Lengths, video: StreamFacts | None) -> list[str]:
    notes = []
    suffix = Path(name).suffix.lower()
    if kind.suffixes and suffix and suffix not in kind.suffixes:
        notes.append(f"The name ends in {suffix}, but the file is {kind.container}; the content counts.")
    if video is None:
        notes.append("There is no picture: the dub will be sound only.")
    elif video.is_variable_rate:
        notes.append("The picture has a variable frame rate; its timestamps are kept as they are.")
    if lengths.sound_ms is None:
        notes.append("There is no sound: lines can only come from a subtitle file.")
    elif lengths.picture_ms and lengths.programme_ms > lengths.picture_ms:
        over_ms = lengths.programme_ms - lengths.picture_ms
        notes.append(f"The sound runs on for {over_ms / 1000:.1f} s after the picture ends.")
    if contents.broke_off:
        notes.append(f"The file breaks off at {clock(lengths.programme_ms)}; what is there is used.")
    return notes
