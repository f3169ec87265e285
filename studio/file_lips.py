"""Faces and lip scores of one media file, without a project: what `score`, `faces` and `eval sync` stand on.

Enter a path and engines; leave `SeenFile` (faces, their mouths, the sound) for as long as its context lasts, and `FileScore`s. What is
written meanwhile lies in a temporary folder; memory does not grow with the film.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from studio.domain.errors import NotMeasurable
from studio.domain.faces import FACE_RATE_HZ, SMALLEST_FACE_PX, FaceTrack, FaceTracks
from studio.domain.media import MediaInfo
from studio.domain.sync import SyncScore
from studio.domain.timing import TimeSpan
from studio.engines.face_cutter import FaceCutter
from studio.engines.protocols import Audio, FaceTracker, SyncScorer, VoiceActivityDetector
from studio.media.decode import SoundQuery, audio_blocks
from studio.media.face_archive import FaceArchive, FaceArchiveWriter
from studio.media.pictures import PictureQuery, pictures
from studio.media.probe import probe
from studio.media.wav import WavWriter, read_wav_span, wav_blocks
from studio.stages.face_speech import speaking
from studio.stages.faces import Watch, track_faces
from studio.stages.ingest import SPEECH_RATE_HZ
from studio.stages.sync import FRAME_MS, embed_track, turned_away
from studio.steps.faces import LONGEST_PX
from studio.steps.speech import MIN_SILENCE_MS

LEAST_SPEECH_MS = 200  # less than this while a face is seen is no speech to judge
MOST_TURNED_RATIO, LEAST_FOUND_RATIO = 0.5, 0.5
COMPARABLE_RATIO = 0.5  # of the longest track's windows: shorter ones never make the headline, for few windows inflate LSE-C
NO_SOUND = "It has no sound, so there is nothing to hold against the lips."
NO_FACE = "No face was found in it."
MOUTH_CROP, WHOLE_CROP = "mouth", "face"  # what a scorer's `crop` may be, beside "track"
_BLOCK_SAMPLES = 4 * SPEECH_RATE_HZ
_CROPS_AT_ONCE = 125  # of 150 kB each
_FRAMES_AHEAD = 5  # by which the windows of a piece are fewer than its crops (papers §5.1)
Progress = Callable[[int, int], None]


@runtime_checkable
class HasCrops(Protocol):
    """A scorer that judges either crop of papers §5.1, each under its own name."""

    def with_crop(self, crop: str) -> SyncScorer: ...


@dataclass(frozen=True, slots=True)
class SeenFile:
    """`archive` None: no face; `sound` None: no sound (a mono WAV at 16 kHz otherwise). `seconds`: what looking took."""

    path: Path
    info: MediaInfo
    tracks: FaceTracks
    archive: FaceArchive | None
    sound: Path | None
    speech: tuple[TimeSpan, ...]
    seconds: float

    @property
    def query(self) -> PictureQuery:
        """The pictures that were looked at."""
        return PictureQuery(self.path, self.path.name, self.info.duration_ms, LONGEST_PX)

    @property
    def frames_per_second(self) -> float:
        return self.tracks.frame_count / max(self.seconds, 1e-6)

    def heard(self, track: FaceTrack, *, later_ms: int = 0) -> Audio:
        """The sound while a track is seen, as if the whole sound were played so much later (negative: earlier) and silent beyond its
        ends. Raises NotMeasurable where there is none, or no speech in it as it is."""
        if self.sound is None:
            raise NotMeasurable(NO_SOUND)
        first_ms, last_ms = track.start_frame * FRAME_MS, track.end_frame * FRAME_MS
        spoken_ms = sum(max(0, min(last_ms, span.end_ms) - max(first_ms, span.start_ms)) for span in self.speech)
        if spoken_ms < LEAST_SPEECH_MS:
            raise NotMeasurable("No speech is heard while this face is seen.")
        lead_ms = max(0, min(later_ms - first_ms, last_ms - first_ms))
        if lead_ms == last_ms - first_ms:
            raise NotMeasurable("The sound begins only after this face is gone.")
        audio = read_wav_span(self.sound, TimeSpan(max(0, first_ms - later_ms), last_ms - later_ms))
        silence = np.zeros(lead_ms * audio.rate_hz // 1000, np.float32)
        return Audio(np.concatenate([silence, audio.samples]), audio.rate_hz)


@dataclass(frozen=True, slots=True)
class TrackScore:
    """A face of a file and its score, or why it has none."""

    track: FaceTrack
    score: SyncScore | None
    why: str


@dataclass(frozen=True, slots=True)
class FileScore:
    """Every face of a file, judged. `best`: the one whose sound stands out most among those seen about as long; None: nothing could be
    measured, and `why` says why. `scorer_version`: numbers of another version must not be held against these."""

    scorer: str
    scorer_version: str
    crop: str
    tracks: tuple[TrackScore, ...]
    why: str

    @property
    def best(self) -> TrackScore | None:
        measured = [one for one in self.tracks if one.score is not None]
        longest = max((one.score.windows for one in measured if one.score is not None), default=0)
        fair = [(one.score.lse_c, one) for one in measured if one.score is not None and one.score.windows >= COMPARABLE_RATIO * longest]
        return max(fair, key=lambda item: item[0])[1] if fair else None


@contextmanager
def seen_file(path: Path, tracker: FaceTracker, detector: VoiceActivityDetector, progress: Progress | None = None) -> Iterator[SeenFile]:
    """Look at a file and listen to it, once. Raises BadMedia for what is no media, NotMeasurable where there is no moving picture."""
    info = probe(path, name=path.name)
    if info.video is None:
        raise NotMeasurable("It has no moving picture, so there are no lips.")
    with tempfile.TemporaryDirectory(prefix="lipline-") as name:
        folder = Path(name)
        sound = _sound(path, info, folder / "speech.wav") if info.audio else None
        speech = () if sound is None else detector.speech(wav_blocks(sound, _BLOCK_SAMPLES), SPEECH_RATE_HZ, min_silence_ms=MIN_SILENCE_MS)
        started = time.monotonic()
        tracks = _looked_at(path, info, tracker, folder / "faces.npz", progress)
        seconds = time.monotonic() - started
        archive = FaceArchive(folder / "faces.npz") if tracks.tracks else None
        yield SeenFile(path, info, speaking(tracks, archive, speech), archive, sound, speech, seconds)


def score_file(seen: SeenFile, scorer: SyncScorer) -> FileScore:
    """Every face against the file's own sound, on the crops the scorer takes."""
    judged = tuple(_track_score(seen, face, scorer) for face in faces_of(seen, scorer))
    return scored(judged, scorer, NO_FACE if not judged else NO_SOUND if seen.sound is None else "")


def scored(tracks: Sequence[TrackScore], scorer: SyncScorer, why: str = "") -> FileScore:
    """A file's score from its faces'; where none could be measured, the reason of the largest."""
    found = FileScore(scorer.name, scorer.version, scorer.crop, tuple(tracks), why)
    if found.best is not None or why:
        return found
    largest = max(tracks, key=lambda one: one.track.face_px)
    return FileScore(scorer.name, scorer.version, scorer.crop, tuple(tracks), largest.why)


def why_unfit(track: FaceTrack, archive: FaceArchive | None) -> str | None:
    """Why a face shows no lips to judge; None where it does. `archive` None: the whole picture is the face."""
    if track.face_px < SMALLEST_FACE_PX:
        return f"The face is {track.face_px:.0f} px wide; under {SMALLEST_FACE_PX} px its lips cannot be judged."
    if archive is not None and (turned := float(turned_away(archive.curves(track.id)).mean())) > MOST_TURNED_RATIO:
        return f"The face is in profile for {100 * turned:.0f}\u00a0% of its time; half a mouth cannot be judged."
    if track.found_share < LEAST_FOUND_RATIO:
        return f"The face is hidden for most of its time; it is seen in {100 * track.found_share:.0f}\u00a0% of its frames."
    return None


@dataclass(frozen=True, slots=True)
class Face:
    """A face of a file and its lip embeddings, float32 (windows, dim), one row a frame; NaN where the picture stands still, which no scorer
    counts. None: it cannot be judged, and `why` says why."""

    track: FaceTrack
    lips: np.ndarray | None
    why: str = ""


def faces_of(seen: SeenFile, scorer: SyncScorer) -> list[Face]:
    """The faces of a file as a scorer sees them: from the mouths kept while looking, or from the crops of papers §5.1, for which the
    pictures are decoded once more. Where the whole picture is one face, that face is all there is."""
    if seen.archive is None:
        return []
    if scorer.crop != MOUTH_CROP:
        return cropped_faces(seen, seen.archive, scorer)
    faces = []
    for track in seen.tracks.tracks:
        why = why_unfit(track, seen.archive)
        try:
            lips = None if why is not None else embed_track(seen.archive, track.id, scorer)
            faces.append(Face(track, lips, why or ""))
        except NotMeasurable as error:
            faces.append(Face(track, None, str(error)))
    return faces


def cropped_faces(seen: SeenFile, archive: FaceArchive, scorer: SyncScorer) -> list[Face]:
    """Every face on 224×224 crops, cut and embedded as the pictures come by; only faces in the picture take up room."""
    whole = FaceTrack(0, 0, seen.tracks.frame_count, 0, float(seen.info.video.width_px) if seen.info.video else 0.0, 0.0, 0.0, 1.0)
    tracks = (whole,) if scorer.crop == WHOLE_CROP else seen.tracks.tracks
    sources = {track.id: None if track is whole else archive for track in tracks}
    found = {track.id: Face(track, None, why) for track in tracks if (why := why_unfit(track, sources[track.id])) is not None}
    waiting = sorted((track for track in tracks if track.id not in found), key=lambda track: track.start_frame, reverse=True)
    cutting: list[_Cutter] = []
    for number, picture in enumerate(pictures(seen.query) if waiting else ()):
        while waiting and waiting[-1].start_frame <= number:
            track = waiting.pop()
            cutting.append(_Cutter(track, sources[track.id], scorer))
        for cutter in cutting:
            cutter.look(number, picture)
        found |= {cutter.track.id: cutter.face() for cutter in cutting if cutter.track.end_frame <= number + 1}
        cutting = [cutter for cutter in cutting if cutter.track.end_frame > number + 1]
    found |= {cutter.track.id: cutter.face() for cutter in cutting}
    found |= {track.id: Face(track, None, "The pictures end before this face is seen.") for track in waiting}
    return [found[track.id] for track in tracks]


class _Cutter:
    """Cuts one face out of the pictures it is in, and embeds it a few seconds at a time; lives for as long as its track."""

    def __init__(self, track: FaceTrack, archive: FaceArchive | None, scorer: SyncScorer) -> None:
        curves = archive.curves(track.id) if archive is not None else None
        self.track, self._scorer = track, scorer
        self._cutter = FaceCutter() if curves is None else FaceCutter(curves.boxes, curves.found)
        self._held: list[np.ndarray] = []
        self._embedded: list[np.ndarray] = []
        self._why = ""

    def look(self, number: int, picture: np.ndarray) -> None:
        self._held.append(self._cutter.crop(number - self.track.start_frame, picture))
        if len(self._held) == _CROPS_AT_ONCE:
            self._embed()

    def face(self) -> Face:
        """What has been seen of it, rows of NaN where a piece cannot be judged. The last crops are embedded and let go."""
        if not self._embedded or len(self._held) > _FRAMES_AHEAD:
            self._embed()
        self._held = []
        width = max((piece.shape[1] for piece in self._embedded), default=1)
        if width == 1:
            return Face(self.track, None, self._why)
        pieces = [piece if piece.shape[1] == width else np.full((len(piece), width), np.nan, np.float32) for piece in self._embedded]
        return Face(self.track, np.concatenate(pieces))

    def _embed(self) -> None:
        """Windows reach a few frames ahead, so those frames are held back for the next piece. A piece that cannot be judged keeps its
        place, as one column of NaN: the sound is not moved either."""
        try:
            rows = self._scorer.embed_lips(np.stack(self._held))
        except NotMeasurable as error:
            self._why = self._why or str(error)
            rows = np.full((max(0, len(self._held) - _FRAMES_AHEAD), 1), np.nan, np.float32)
        self._embedded.append(rows)
        self._held = self._held[len(rows) :]


def _track_score(seen: SeenFile, face: Face, scorer: SyncScorer) -> TrackScore:
    if face.lips is None:
        return TrackScore(face.track, None, face.why)
    try:
        return TrackScore(face.track, scorer.score(face.lips, seen.heard(face.track)), "")
    except NotMeasurable as error:
        return TrackScore(face.track, None, str(error))


def _sound(path: Path, info: MediaInfo, out: Path) -> Path:
    track = next((one.index for one in info.audio if one.is_default), info.audio[0].index)
    query = SoundQuery(path, track, SPEECH_RATE_HZ, channels=1, length_ms=info.duration_ms)
    with WavWriter(out, rate_hz=SPEECH_RATE_HZ, channels=1) as wav:
        for block in audio_blocks(query):
            wav.write(block)
    return out


def _looked_at(path: Path, info: MediaInfo, tracker: FaceTracker, archive: Path, progress: Progress | None) -> FaceTracks:
    assert info.video is not None
    total = -(-info.duration_ms * FACE_RATE_HZ // 1000)
    tell = None if progress is None else (lambda done: progress(min(done, total), total))
    watch = Watch(tell, None, max(info.video.width_px, info.video.height_px))
    with FaceArchiveWriter(archive) as writer:
        return track_faces(pictures(PictureQuery(path, path.name, info.duration_ms, LONGEST_PX)), tracker, writer, watch)
